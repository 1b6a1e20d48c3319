/**
 * Folder of a stream's playlists, media and status.json. A token in it also reaches the files that playlists name
 * relatively.
 */
const streamFolder = (playbackId: string, viewerToken: string | null): string =>
  `${viewerToken === null ? '' : `/t/${viewerToken}`}/live/${playbackId}`;

/** URL path of a stream's multivariant playlist, with a viewer token or without one. */
export const masterPath = (playbackId: string, viewerToken: string | null = null): string =>
  `${streamFolder(playbackId, viewerToken)}/master.m3u8`;

/** URL path of a stream's status.json, whose body is a `PlaybackStatusBody`. */
export const statusPath = (playbackId: string, viewerToken: string | null = null): string =>
  `${streamFolder(playbackId, viewerToken)}/status.json`;

/** URL path of a stream's health.json, whose body is a `HealthReport`. */
export const healthPath = (playbackId: string, healthToken: string): string =>
  `${streamFolder(playbackId, healthToken)}/health.json`;

/** URL path of a stream's poster.jpg, its newest picture. */
export const posterPath = (playbackId: string, viewerToken: string | null = null): string =>
  `${streamFolder(playbackId, viewerToken)}/poster.jpg`;

/**
 * URL path of a stream's watch page. Browsers send the fragment to no server, so a token in it appears in no access log
 * when viewers pass the link on.
 */
export const watchPath = (playbackId: string, viewerToken: string | null = null): string =>
  `/watch/${playbackId}${tokenFragment(viewerToken)}`;

/** URL path of the page for frames of other sites. */
export const embedPath = (playbackId: string, viewerToken: string | null = null): string =>
  `/embed/${playbackId}${tokenFragment(viewerToken)}`;

const tokenFragment = (viewerToken: string | null): string => (viewerToken === null ? '' : `#token=${viewerToken}`);
