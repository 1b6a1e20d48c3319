import type { ListedSegment } from '#scripts/check-hls/playlist/media-playlist.ts';

/** The contract for viewers' URLs: segments are `{epoch}-{msn}.m4s`, parts are `{epoch}-{msn}.{part}.m4s`. */
const MEDIA_URI = /^(\d+)-\d+(?:\.\d+)?\.m4s$/;

/** The epoch in a segment's name. Empty if there is none. */
export function epochOf({ uri, parts }: ListedSegment): string {
  return MEDIA_URI.exec(uri ?? parts[0]?.uri ?? '')?.[1] ?? '';
}

/** The epochs in the names of all segments and parts of a playlist, in its order. */
export function epochsIn(playlist: string): string[] {
  return playlist.match(/\d+(?=-\d+(?:\.\d+)?\.m4s)/g) ?? [];
}
