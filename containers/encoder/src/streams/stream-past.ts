import type { LatencyName } from '#domain/latency-profiles.ts';
import type { BroadcastState } from '#domain/streams.ts';
import { isResumable, resumedPackage } from '#encoder/package/lost-package.ts';
import { offeredSchema } from '#encoder/package/offered-renditions.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { mediaSequenceAfter } from './numbering.ts';

/** What a task knows of a stream's past on other tasks. */
export interface StreamPast {
  /** The former task's media, which this task goes on with. Null if there was none, or it could not be had. */
  readonly package: StreamPackage | null;
  /** Null if the stream has none, or if it ended. */
  readonly broadcast: BroadcastState | null;
}

export const NO_PAST: StreamPast = { package: null, broadcast: null };

/** What the former holder's media adds to what that one has written: it may have ended the broadcast just now. */
export function asHandedOver(broadcast: BroadcastState, media: StreamPackage | null): BroadcastState {
  return media?.ended === true ? { ...broadcast, liveSinceMs: null } : broadcast;
}

/** When the stream became live on another task; null if it did not, or has ended. `nowMs` is in milliseconds since 1970. */
export function liveSinceMsOf(past: StreamPast, nowMs: number): number | null {
  // What has come from another task is live there, even if that one could not write it any more.
  const isPlayed = past.package !== null && !past.package.ended && past.package.playableRun !== null;
  return past.broadcast?.liveSinceMs ?? (isPlayed ? nowMs : null);
}

/** The package that goes on where the past ends. If its media is lost, players of a live broadcast go on all the same. */
export function packageAfter(past: StreamPast, latency: LatencyName, nowMs: number): StreamPackage {
  const { broadcast } = past;
  if (past.package !== null) return past.package;
  const firstMsn = mediaSequenceAfter(broadcast?.sequence ?? null, nowMs);
  const offered = offeredSchema.safeParse(broadcast?.sequence.offered);
  const isWatched = broadcast !== null && broadcast.liveSinceMs !== null;
  return isWatched && offered.success && isResumable({ offered: offered.data, firstMsn })
    ? resumedPackage({ latency, offered: offered.data, firstMsn })
    : new StreamPackage({ latency, firstMsn });
}
