import type { HeldStream } from '#domain/streams.ts';
import type { OwnerDirectory } from './owner-directory.ts';

/** How often a request that waits for an answer checks that it asks the right task. */
const OWNER_CHECK_MS = 1_000;
/** Why a watched request was aborted. */
export const OWNER_CHANGED = 'the stream has another owner';

export interface OwnerWatch {
  /** Aborts when the client goes away, or with `OWNER_CHANGED`. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Watches for a client that goes away, and for another owner of the stream than the one that is asked. */
export function watchOwner(
  directory: Pick<OwnerDirectory, 'find'>,
  held: HeldStream,
  playbackId: string,
  clientSignal: AbortSignal,
): OwnerWatch {
  const abandoned = new AbortController();
  const onClientGone = (): void => abandoned.abort(clientSignal.reason);
  clientSignal.addEventListener('abort', onClientGone, { once: true });
  if (clientSignal.aborted) onClientGone();
  const check = async (): Promise<void> => {
    const latest = await directory.find(playbackId).catch(() => held);
    if (latest !== null && latest.epoch > held.epoch) abandoned.abort(OWNER_CHANGED);
  };
  const timer = setInterval(() => void check(), OWNER_CHECK_MS);
  const stop = (): void => {
    clearInterval(timer);
    // A request asks many times, and Node.js warns of many listeners.
    clientSignal.removeEventListener('abort', onClientGone);
  };
  return { signal: abandoned.signal, stop };
}
