/**
 * What viewers of a playback id can have: nothing yet, a live stream, or one whose playlists have ended. An id that was
 * never given out is `idle` like any other, so asking tells a stranger nothing.
 */
export const PLAYBACK_STATUSES = ['idle', 'live', 'ended'] as const;

export type PlaybackStatus = (typeof PLAYBACK_STATUSES)[number];

/** The body of status.json. */
export interface PlaybackStatusBody {
  readonly status: PlaybackStatus;
}
