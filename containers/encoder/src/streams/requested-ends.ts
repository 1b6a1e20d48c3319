import type { BroadcastEndReason, EndReason } from '#domain/streams.ts';

interface RequestedEnd {
  /** For the broadcaster. */
  readonly description: string;
  /** Whether viewers see the end at once. The owner of a new key gets the time that any publisher has to come back. */
  readonly endsPlaylists: boolean;
  /** Whether the task forgets the stream at once. Otherwise it keeps its end for players that lag. */
  readonly isForgotten: boolean;
}

/**
 * How a publish ends when somebody asks for it. The broadcaster gets `BadName`, which is final. OBS reads no status of a running
 * publish and always reconnects (obs-studio, plugins/obs-outputs/rtmp-stream.c), so only a new key keeps a broadcaster out.
 */
export const REQUESTED_ENDS = {
  stopped: { description: 'The broadcast was stopped by its owner', endsPlaylists: true, isForgotten: false },
  deleted: { description: 'The stream was deleted', endsPlaylists: true, isForgotten: true },
  purged: { description: 'The broadcast was purged by its owner', endsPlaylists: true, isForgotten: true },
  'key-rotated': {
    description: 'This stream key was replaced by a new one',
    ...{ endsPlaylists: false, isForgotten: false },
  },
} as const satisfies Record<EndReason, RequestedEnd>;

/** Whether viewers see the end at once, without the wait for a publisher. */
export const endsPlaylists = (reason: BroadcastEndReason): boolean => requestedEnd(reason)?.endsPlaylists ?? false;

/** Whether nobody may answer for the stream any more, not even with its end. */
export const isForgotten = (reason: BroadcastEndReason): boolean => requestedEnd(reason)?.isForgotten ?? false;

const requestedEnd = (reason: BroadcastEndReason): RequestedEnd | undefined =>
  reason in REQUESTED_ENDS ? REQUESTED_ENDS[reason as EndReason] : undefined;
