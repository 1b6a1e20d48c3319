// The player and the CloudFront Function also use this file, so it imports nothing, not even from Node.js.

/** Who may watch a stream: everybody who knows its URL, or only viewers who also have a token. */
export const PLAYBACK_MODES = ['public', 'token'] as const;

export type PlaybackMode = (typeof PLAYBACK_MODES)[number];

/**
 * Prefix of the playback ids of streams that need a viewer token. It makes these ids one character longer than others.
 */
export const PROTECTED_PREFIX = 't';

/**
 * A stream's id in viewers' URLs: 16 base32 characters, with a `t` before them if the stream needs a viewer token.
 * Because the id itself says so, a token can be checked without a look-up, and a protected file is never cached under a
 * public name.
 */
export const PLAYBACK_ID_SOURCE = 't?[a-z2-7]{16}';
export const PLAYBACK_ID_PATTERN = new RegExp(`^${PLAYBACK_ID_SOURCE}$`);

const PUBLIC_LENGTH = 16;

/** Whether only viewers with a token may use a playback id. */
export const needsViewerToken = (playbackId: string): boolean => playbackId.length > PUBLIC_LENGTH;
