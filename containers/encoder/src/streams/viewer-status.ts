import { displayAspect } from '#domain/display-aspect.ts';
import { type PlaybackStatus, type PlaybackStatusBody, statusReasonOf } from '#domain/playback-status.ts';
import type { BroadcastState } from '#domain/streams.ts';
import type { RunDescription } from '#encoder/media/media-run.ts';
import { offeredSchema } from '#encoder/package/offered-renditions.ts';
import type { BroadcastTimes } from './broadcast.ts';

/** What is known of a stream that viewers ask for. */
export interface ViewedStream {
  readonly status: PlaybackStatus;
  /** Null if the stream has none. */
  readonly title: string | null;
  /** The broadcast that is live or has ended. Null if nothing is known of it. */
  readonly broadcast: BroadcastTimes | null;
  /** What can be played. Null if nothing can. */
  readonly run: Pick<RunDescription, 'video' | 'audio'> | null;
}

/** What viewers are told of a stream. */
export function viewerStatus({ status, title, broadcast, run }: ViewedStream): PlaybackStatusBody {
  const isPlayable = status === 'live' || status === 'ended';
  return {
    status,
    ...(title !== null && title !== '' && { title }),
    ...(isPlayable && broadcast !== null && timesOf(status, broadcast)),
    ...(isPlayable && run !== null && mediaOf(run)),
  };
}

/** What viewers are told of a stream whose holder does not answer, as it wrote that down. */
export function recordedStatus(status: PlaybackStatus, broadcast: BroadcastState | null): PlaybackStatusBody {
  if (broadcast === null) return { status };
  const { liveSinceMs, publisherGoneAtMs, publisherGoneReason = 'publisher-lost', sequence } = broadcast;
  const offered = offeredSchema.safeParse(sequence.offered);
  const absence = publisherGoneAtMs === null ? null : { sinceMs: publisherGoneAtMs, reason: publisherGoneReason };
  return viewerStatus({
    ...{ status, title: null },
    broadcast: { liveSinceMs, absence },
    run: offered.success ? offered.data.run : null,
  });
}

function timesOf(status: PlaybackStatus, { liveSinceMs, absence }: BroadcastTimes): Partial<PlaybackStatusBody> {
  return {
    ...(liveSinceMs !== null && { startedAt: toIso(liveSinceMs) }),
    ...(status === 'ended' && absence !== null && { endedAt: toIso(absence.sinceMs) }),
    ...(absence !== null && { reason: statusReasonOf(absence.reason) }),
  };
}

function mediaOf({ video, audio }: Pick<RunDescription, 'video' | 'audio'>): Partial<PlaybackStatusBody> {
  const [best] = [...video].sort((a, b) => b.height - a.height);
  return { ...(best !== undefined && { aspect: displayAspect(best.width, best.height) }), hasAudio: audio !== null };
}

const toIso = (ms: number): string => new Date(ms).toISOString();
