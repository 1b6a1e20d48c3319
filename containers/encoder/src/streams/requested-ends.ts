import type { EndReason } from '#domain/streams.ts';

interface RequestedEnd {
  /** For the broadcaster. */
  readonly description: string;
  /** Whether viewers see the end at once. A new key's owner gets the time that any publisher has to come back. */
  readonly endsPlaylists: boolean;
}

/**
 * What an end that somebody asked for means. The broadcaster gets `BadName`, which is final; OBS reads no status of a
 * publish that is under way and always connects again (obs-studio, plugins/obs-outputs/rtmp-stream.c), so what keeps a
 * broadcaster out for good is another key.
 */
export const REQUESTED_ENDS = {
  stopped: { description: 'The broadcast was stopped by its owner', endsPlaylists: true },
  deleted: { description: 'The stream was deleted', endsPlaylists: true },
  'key-rotated': { description: 'This stream key was replaced by a new one', endsPlaylists: false },
} as const satisfies Record<EndReason, RequestedEnd>;
