import type { OriginRequest } from '#encoder/origin/origin-handler.ts';
import type { AnyResponse, OriginResponse } from '#encoder/origin/origin-response.ts';
import type { StatusTarget } from '#encoder/origin/request-target.ts';
import { isSameStatus } from '#encoder/origin/status-version.ts';
import type { StatusWaits } from '#encoder/origin/status-waits.ts';

/** How often a request that waits for a stream that nobody holds looks for a holder. The directory asks the store as often. */
const LOOK_MS = 500;

/** What a request waits on, on a task that does not hold the stream. */
export interface StatusSources {
  readonly waits: StatusWaits;
  /** Whether this task holds the stream by now. */
  readonly isHere: () => boolean;
  /** Whether a task holds the stream, as far as known. */
  readonly isHeld: () => boolean;
  /** Answers for a stream that this task holds now. */
  readonly answerHere: () => Promise<AnyResponse>;
  /** The answer of the holder, which has waited itself, or the one if nobody holds the stream. */
  readonly answerElsewhere: () => Promise<AnyResponse>;
}

/** Answers when a status is not `after` any more, or after a while. */
export async function changedStatus(
  { playbackId }: StatusTarget,
  after: string,
  request: OriginRequest,
  { waits, isHere, isHeld, answerHere, answerElsewhere }: StatusSources,
): Promise<AnyResponse> {
  const deadlineMs = performance.now() + waits.remainingMs(request);
  let known: OriginResponse | null = null;
  for (;;) {
    const answer: AnyResponse = await answerElsewhere();
    if (!('body' in answer)) return answer;
    if (isSameStatus(answer, after)) known = answer;
    // While the store can't be reached, nothing else is known than before.
    else if (known === null || answer.status === 200) return answer;
    const lookAtMs = performance.now() + LOOK_MS;
    const isOver = (): boolean => isHere() || performance.now() >= lookAtMs;
    const wait = { playbackId, isHeld: isHeld(), timeoutMs: deadlineMs - performance.now(), signal: request.signal };
    if (!(await waits.until(wait, isOver))) return known;
    if (isHere()) return answerHere();
  }
}
