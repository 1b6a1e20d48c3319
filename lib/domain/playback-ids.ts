// The player and the CloudFront Function also use this file, so it imports nothing, not even from Node.js.

/** Who may watch a stream: everybody who knows its URL, or only viewers who also have a token. */
export const PLAYBACK_MODES = ['public', 'token'] as const;

export type PlaybackMode = (typeof PLAYBACK_MODES)[number];

/**
 * Prefix of the playback ids of streams that need a viewer token. It makes these ids one character longer than others.
 */
export const PROTECTED_PREFIX = 't';

/** Prefix of the playback ids of previews, which need a viewer token too. */
const PREVIEW_PREFIX = 'p';

/**
 * A stream's id in viewers' URLs: 16 base32 characters, with a `t` before them if the stream needs a viewer token, or a
 * `p` if it is the stream's preview. Because the id itself says so, a token can be checked without a look-up, and a
 * protected file is never cached under a public name.
 */
export const PLAYBACK_ID_SOURCE = `[${PREVIEW_PREFIX}${PROTECTED_PREFIX}]?[a-z2-7]{16}`;

/** A playback id that a stream may have for its viewers, so not one of a preview. */
export const VIEWERS_PLAYBACK_ID_PATTERN = new RegExp(`^${PROTECTED_PREFIX}?[a-z2-7]{16}$`);

const PUBLIC_LENGTH = 16;

/** Whether only viewers with a token may use a playback id. */
export const needsViewerToken = (playbackId: string): boolean => playbackId.length > PUBLIC_LENGTH;

/** The playback id of the preview of the stream that viewers have at `playbackId`. It follows from that one. */
export const previewPlaybackId = (playbackId: string): string => `${PREVIEW_PREFIX}${playbackId.slice(-PUBLIC_LENGTH)}`;

/** Whether a playback id is that of a preview, which only the studio has. */
export const isPreview = (playbackId: string): boolean =>
  needsViewerToken(playbackId) && playbackId.charAt(0) === PREVIEW_PREFIX;

/** The playback ids of streams that may have this one: itself, or the two whose preview it is. */
export const streamPlaybackIds = (playbackId: string): readonly string[] => {
  if (!isPreview(playbackId)) return [playbackId];
  const bare = playbackId.slice(-PUBLIC_LENGTH);
  return [bare, `${PROTECTED_PREFIX}${bare}`];
};
