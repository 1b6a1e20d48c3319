import type { LatencyName } from '#domain/latency-profiles.ts';
import type { BroadcastState } from '#domain/streams.ts';
import { isResumable, resumedPackage } from '#encoder/package/lost-package.ts';
import { offeredSchema } from '#encoder/package/offered-renditions.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import type { BegunPublish, FormerHolder } from '#runtime/live-publishes.ts';
import { lostBroadcast } from './lost-broadcast.ts';
import { mediaSequenceAfter, mediaSequenceAfterSilence } from './numbering.ts';

/** What a task knows of a stream's past on other tasks. */
export interface StreamPast {
  /** The former task's media, which this task goes on with. Null if there was none, or it could not be had. */
  readonly package: StreamPackage | null;
  /** Null if the stream has none, or if it ended. */
  readonly broadcast: BroadcastState | null;
}

/** What a former holder is asked for. */
export interface TakeOverRequest {
  readonly streamId: string;
  /** The epoch under which this task has the stream now. */
  readonly epoch: number;
  readonly former: FormerHolder;
}

/**
 * Fetches a stream's media from its former holder. Resolves when the former holder does not answer for the stream any more. Null
 * if the media can't be had.
 */
export type TakeOver = (request: TakeOverRequest) => Promise<StreamPackage | null>;

/** A publish that has begun on the task with this id, of a stream that had a holder before. */
export interface FollowingPublish {
  readonly taskId: string;
  readonly streamId: string;
  readonly begun: BegunPublish;
  readonly former: FormerHolder;
}

/** The stream's media on other tasks. Null if it is lost. Resolves when no other task answers for the stream any more. */
export async function fetchFormerMedia(publish: FollowingPublish, takeOver: TakeOver): Promise<StreamPackage | null> {
  const { taskId, streamId, begun, former } = publish;
  const { epoch, server } = begun;
  const isOurs = former.holder.taskId === taskId;
  const media = isOurs ? null : await takeOver({ streamId, epoch, former });
  const isKnown = server === null || [taskId, former.holder.taskId].includes(server.taskId);
  if (media !== null || isKnown) return media;
  // The answer that made the former holder the holder was lost, so that the one before it knows nothing of that.
  const older = await takeOver({ streamId, epoch, former: { ...former, holder: server } });
  // Another task may have gone on with it for a moment.
  return isOurs ? older : null;
}

export const NO_PAST: StreamPast = { package: null, broadcast: null };

/** What the former holder's media adds to what that one has written: it may have ended the broadcast just now. */
export function asHandedOver(broadcast: BroadcastState, media: StreamPackage | null): BroadcastState {
  return media?.ended === true ? { ...broadcast, liveSinceMs: null } : broadcast;
}

/**
 * The past of a stream that is published with a playback id. An ended broadcast is over, and so is one whose viewers have another
 * playback id. Their sequences go on all the same.
 */
export function pastWith(playbackId: string, former: FormerHolder, media: StreamPackage | null): StreamPast {
  const { holder, broadcast } = former;
  const goesOn = holder.playbackId === playbackId && (broadcast?.endedAtMs ?? null) === null;
  if (goesOn) return { package: media, broadcast: broadcast && asHandedOver(broadcast, media) };
  return { package: null, broadcast: broadcast && { ...broadcast, liveSinceMs: null } };
}

/** The past of a broadcast that is to end because a publish with this epoch gives its stream another playback id. */
export function retiredPast(
  { broadcast }: FormerHolder,
  media: StreamPackage | null,
  epoch: number,
  nowMs: number,
): StreamPast {
  return {
    package: media ?? (broadcast && lostBroadcast(broadcast, epoch, nowMs)),
    broadcast: broadcast && asHandedOver(broadcast, media),
  };
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
  const hadSilentHolder = past !== NO_PAST && broadcast === null;
  const firstMsn = hadSilentHolder
    ? mediaSequenceAfterSilence(nowMs)
    : mediaSequenceAfter(broadcast?.sequence ?? null, nowMs);
  const offered = offeredSchema.safeParse(broadcast?.sequence.offered);
  const isWatched = broadcast !== null && broadcast.liveSinceMs !== null;
  return isWatched && offered.success && isResumable({ offered: offered.data, firstMsn })
    ? resumedPackage({ latency, offered: offered.data, firstMsn })
    : new StreamPackage({ latency, firstMsn });
}
