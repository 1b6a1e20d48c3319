import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { restorePackage } from '#encoder/package/package-restore.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { ANSWER_LIMIT_MS } from '#encoder/streams/stream-lease.ts';
import type { TakeOverRequest } from '#encoder/streams/stream-past.ts';
import { EPOCH_HEADER } from './passed-headers.ts';
import { type TaskClient, TaskUnreachableError } from './task-client.ts';

/** How long a former holder may take to stop, and to begin to send what it has. */
const ANSWER_BEGIN_MS = 1_000;
/** How long the whole transfer may take. A publisher is waiting. */
const TRANSFER_LIMIT_MS = 4_000;

/** The window of the largest ladder has some 120 MB. */
const MAX_PACKAGE_BYTES = 256 * 1024 * 1024;

/** Path of the request by which a task takes a stream over from its former holder. */
export const handoverPath = (streamId: string): string => `/cluster/streams/${streamId}/handover`;

export interface HandoverOptions {
  readonly client: TaskClient;
  readonly log: Logger;
}

/**
 * Takes a stream over from its former holder: that one stops to answer for the stream, and sends its media. Resolves when the
 * former holder can not answer any more, even if it was not reached. Null if its media can't be had. Never rejects.
 */
export async function takeOver(
  request: TakeOverRequest,
  { client, log }: HandoverOptions,
): Promise<StreamPackage | null> {
  const { streamId, epoch, former } = request;
  const startedAtMs = performance.now();
  let hasAnswered = false;
  try {
    const answer = await client.ask({
      address: former.holder.address,
      method: 'POST',
      path: handoverPath(streamId),
      headers: { [EPOCH_HEADER]: String(epoch) },
      answerLimitMs: ANSWER_BEGIN_MS,
      signal: AbortSignal.timeout(TRANSFER_LIMIT_MS),
    });
    hasAnswered = answer.statusCode === 200 || answer.statusCode === 404;
    if (answer.statusCode === 200) return await restorePackage(answer, { maxBytes: MAX_PACKAGE_BYTES });
    answer.resume();
    log.info({ streamId, statusCode: answer.statusCode }, 'the former task has nothing of the stream');
  } catch (error) {
    hasAnswered ||= error instanceof TaskUnreachableError && error.isGone;
    log.warn(
      { streamId, formerTaskId: former.holder.taskId, err: error },
      'the former task did not hand the stream over',
    );
  }
  // It may be suspended or cut off. When it goes on, it asks the store before it answers, unless its last heartbeat is recent.
  if (!hasAnswered) await pause(Math.max(0, ANSWER_LIMIT_MS - (performance.now() - startedAtMs)));
  return null;
}
