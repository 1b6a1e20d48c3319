import type { Logger } from 'pino';
import * as z from 'zod/mini';
import { signalWithin } from '#runtime/signal-within.ts';
import { callEcsEndpoint, type EcsAnswer, type Fetch } from './ecs-endpoint.ts';

/** How long ECS protects the task without hearing from it again. */
export const PROTECTION_MINUTES = 30;
/** Leaves two thirds of the time for attempts that fail. */
export const PROTECTION_RENEWAL_MS = 10 * 60_000;
/** ECS allows few of these calls a second in an account, and publishers come and go. */
const MIN_INTERVAL_MS = 1_000;
export const MAX_RETRY_DELAY_MS = 60_000;
/** The agent calls ECS itself. */
const CALL_TIMEOUT_MS = 5_000;
/** ECS's reasons are short. */
const MAX_REASON_LENGTH = 300;

/** Answers of the agent (ECS developer guide, "Task scale-in protection endpoint"). Failures may come with status 200. */
const answerSchema = z.object({
  protection: z.optional(z.object({ ProtectionEnabled: z.boolean() })),
  failure: z.optional(z.object({ Reason: z.optional(z.nullable(z.string())) })),
  error: z.optional(z.object({ Code: z.optional(z.string()), Message: z.optional(z.string()) })),
});

export interface TaskProtectionOptions {
  /** URL of the agent (ECS_AGENT_URI). Null outside of ECS; then nothing is ever called. */
  readonly agentUri: string | null;
  /** Whether stopping the task would interrupt somebody. */
  readonly isBusy: () => boolean;
  readonly fetch: Fetch;
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Keeps ECS from choosing a busy task when it stops tasks, for scaling or in a deployment. Failures are logged once per
 * outage and repeated ever more slowly; the task works without protection too, because it is told to stop and drains.
 */
export class TaskProtection {
  readonly #options: TaskProtectionOptions;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** The call under way. Never rejects. */
  #calling: Promise<void> | null = null;
  /** When ECS last confirmed the protection. Null if it has not. */
  #protectedAtMs: number | null = null;
  /** Also true after a call that failed, because ECS may have heard it. */
  #mayBeProtected = false;
  #failures = 0;
  #notBeforeMs = 0;
  #isReleased = false;

  constructor(options: TaskProtectionOptions) {
    this.#options = options;
  }

  /** Call it whenever `isBusy` may have changed. Renewals need no call. */
  update(): void {
    const { agentUri } = this.#options;
    if (agentUri === null || this.#closing.signal.aborted || this.#calling !== null) return;
    clearTimeout(this.#timer);
    const isWanted = !this.#isReleased && this.#options.isBusy();
    const delayMs = this.#delayMs(isWanted);
    if (delayMs === null) return;
    if (delayMs > 0) {
      this.#timer = setTimeout(() => this.update(), delayMs);
      return;
    }
    this.#calling = this.#change(agentUri, isWanted).finally(() => {
      this.#calling = null;
      this.update();
    });
  }

  /**
   * Drops the protection for good: ECS may now stop the task. Resolves after the first attempt; further ones go on until
   * `close`. Never rejects.
   */
  async release(): Promise<void> {
    this.#isReleased = true;
    await this.#calling;
    this.#notBeforeMs = 0;
    this.update();
    await this.#calling;
  }

  /** Ends all calls and timers. What ECS was told stays true until it runs out. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
  }

  /** Milliseconds until the next call, 0 for now. Null if there is nothing to tell. */
  #delayMs(isWanted: boolean): number | null {
    if (!isWanted && !this.#mayBeProtected) return null;
    const dueAtMs = isWanted && this.#protectedAtMs !== null ? this.#protectedAtMs + PROTECTION_RENEWAL_MS : 0;
    const delayMs = Math.max(dueAtMs, this.#notBeforeMs) - this.#options.now();
    return Math.min(Math.max(0, delayMs), PROTECTION_RENEWAL_MS); // Wall clocks are set back now and then.
  }

  async #change(agentUri: string, isWanted: boolean): Promise<void> {
    const { fetch, now, log } = this.#options;
    const startedAtMs = now();
    this.#mayBeProtected ||= isWanted;
    try {
      const answer = await callEcsEndpoint({
        ...{ fetch, url: `${agentUri}/task-protection/v1/state` },
        signal: signalWithin(CALL_TIMEOUT_MS, this.#closing.signal),
        body: isWanted
          ? { ProtectionEnabled: true, ExpiresInMinutes: PROTECTION_MINUTES }
          : { ProtectionEnabled: false },
      });
      checkAnswer(answer, isWanted);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#onFailure(error);
      return;
    }
    if (this.#failures > 0) log.info('ECS answers about the task protection again');
    this.#failures = 0;
    this.#notBeforeMs = now() + MIN_INTERVAL_MS;
    this.#protectedAtMs = isWanted ? startedAtMs : null;
    this.#mayBeProtected = isWanted;
  }

  /** Logs one line for an outage, not one for each attempt. */
  #onFailure(error: unknown): void {
    const { now, log } = this.#options;
    if (this.#failures === 0) log.warn({ err: error }, 'ECS does not change the task protection; broadcasts go on');
    this.#notBeforeMs = now() + Math.min(MAX_RETRY_DELAY_MS, MIN_INTERVAL_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
  }
}

/** Throws an error with ECS's reason unless the answer confirms what was asked for. */
function checkAnswer({ status, json }: EcsAnswer, isWanted: boolean): void {
  const { protection, failure, error } = answerSchema.safeParse(json).data ?? {};
  const reasons = [failure?.Reason, error?.Code, error?.Message].filter((text) => typeof text === 'string');
  const isConfirmed = status === 200 && protection?.ProtectionEnabled === isWanted;
  if (isConfirmed && failure === undefined && error === undefined) return;
  const reason = reasons.length > 0 ? reasons.join(': ') : 'an answer that is not documented';
  throw new Error(`status ${status}, ${reason.slice(0, MAX_REASON_LENGTH)}`);
}
