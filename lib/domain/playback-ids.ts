// The player and CloudFront's function use this file too: it imports nothing, of Node.js neither.

/** Who may watch a stream: anybody who has its address, or only who has a viewer token as well. */
export const PLAYBACK_MODES = ['public', 'token'] as const;

export type PlaybackMode = (typeof PLAYBACK_MODES)[number];

/** What the ids of streams that ask for a viewer token begin with; they are one character longer than all others. */
export const PROTECTED_PREFIX = 't';

/**
 * A stream's id in viewers' URLs: 16 base32 characters, and a `t` before them where it asks for a viewer token. The id
 * itself says so, hence whoever checks tokens looks nothing up, and no copy in a cache goes by a name that is free.
 */
export const PLAYBACK_ID_SOURCE = 't?[a-z2-7]{16}';
export const PLAYBACK_ID_PATTERN = new RegExp(`^${PLAYBACK_ID_SOURCE}$`);

const PUBLIC_LENGTH = 16;

/** Whether a playback id is one that only viewers with a token may use. */
export const needsViewerToken = (playbackId: string): boolean => playbackId.length > PUBLIC_LENGTH;

/**
 * What viewers of a playback id can have: nothing yet, a live stream, or a stream whose playlists have ended. An id that
 * was never given out is `idle` like any other, so a stranger learns nothing by asking.
 */
export const PLAYBACK_STATUSES = ['idle', 'live', 'ended'] as const;

export type PlaybackStatus = (typeof PLAYBACK_STATUSES)[number];

/** The body of status.json. */
export interface PlaybackStatusBody {
  readonly status: PlaybackStatus;
}
