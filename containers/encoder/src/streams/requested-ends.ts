import type { BroadcastEndReason } from '#domain/events.ts';
import type { EndReason } from '#domain/streams.ts';

interface RequestedEnd {
  /** For the broadcaster. */
  readonly description: string;
  /** Whether viewers see the end at once. The owner of a new key gets the time that any publisher has to come back. */
  readonly endsPlaylists: boolean;
}

/**
 * How a publish ends when somebody asks for it. The broadcaster gets `BadName`, which is final. OBS reads no status of a running
 * publish and always reconnects (obs-studio, plugins/obs-outputs/rtmp-stream.c), so only a new key keeps a broadcaster out.
 */
export const REQUESTED_ENDS = {
  stopped: { description: 'The broadcast was stopped by its owner', endsPlaylists: true },
  deleted: { description: 'The stream was deleted', endsPlaylists: true },
  'key-rotated': { description: 'This stream key was replaced by a new one', endsPlaylists: false },
} as const satisfies Record<EndReason, RequestedEnd>;

/** Whether viewers see the end at once, without the wait for a publisher. */
export function endsPlaylists(reason: BroadcastEndReason): boolean {
  return reason in REQUESTED_ENDS && REQUESTED_ENDS[reason as EndReason].endsPlaylists;
}
