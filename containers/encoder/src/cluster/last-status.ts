import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import type { HeldStream } from '#domain/streams.ts';
import { withTitle } from '#encoder/origin/origin-handler.ts';
import { recordedStatus } from '#encoder/streams/viewer-status.ts';
import type { StreamCatalogue } from './stream-catalogue.ts';

interface LastStatusSources {
  /** Null if another backend knows the streams. */
  readonly catalogue: StreamCatalogue | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The status of a stream that no task holds. A backend of your own knows which playback ids there are. Without its answer, each of
 * them may begin.
 */
export async function unheldStatus(
  playbackId: string,
  { catalogue }: Pick<LastStatusSources, 'catalogue'>,
): Promise<PlaybackStatusBody> {
  if (catalogue === null) return { status: 'idle' };
  const stream = await catalogue.find(playbackId);
  return stream === null ? { status: 'unknown' } : { status: 'idle', title: stream.title };
}

/** What the last holder has written, if it does not answer itself. */
export async function lastStatus(
  { broadcast, leaseUntilMs }: HeldStream,
  playbackId: string,
  { catalogue, now }: LastStatusSources,
): Promise<PlaybackStatusBody> {
  const isOver = broadcast === null || (broadcast.endedAtMs !== null && leaseUntilMs <= now());
  if (isOver) return unheldStatus(playbackId, { catalogue });
  const status = broadcast.endedAtMs !== null ? 'ended' : broadcast.liveSinceMs === null ? 'idle' : 'live';
  const stream = await catalogue?.known(playbackId);
  return withTitle(recordedStatus(status, broadcast), stream?.title);
}
