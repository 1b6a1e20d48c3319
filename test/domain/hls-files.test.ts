import {
  HLS_FILE_KINDS,
  type HlsFileKindName,
  initFileName,
  partFileName,
  segmentFileName,
} from '#domain/hls-files.ts';

const PATHS: Readonly<Record<HlsFileKindName, string>> = {
  status: 'status.json',
  'stream-health': 'health.json',
  poster: 'poster.jpg',
  time: 'time.txt',
  'dash-manifest': 'manifest.mpd',
  'multivariant-playlist': 'master.m3u8',
  'media-playlist': '720p/media.m3u8',
  'iframe-playlist': '720p/iframes.m3u8',
  init: `720p/${initFileName(7)}`,
  part: `audio/${partFileName(7, 100, 3)}`,
  segment: `audio/${segmentFileName(7, 100)}`,
};
/** A token that is as confusing for the patterns as possible: dots, dashes, and the word that the patterns look for. */
const TOKEN = 'a-b.1800000000.-live-init-mp4-m3u8-live';

/** Matches like CloudFront: `*` stands for any characters or none, and a leading slash makes no difference. */
function matches(pattern: string, path: string): boolean {
  const source = pattern.replace(/[.+^$()[\]{}|\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`).test(path);
}

const kindOf = (path: string) => HLS_FILE_KINDS.find(({ pathPattern }) => matches(pathPattern, path))?.kind;

describe.each([
  ['without a token', '/live/abcdefghij234567/'],
  ['with a token', `/t/${TOKEN}/live/tabcdefghij234567/`],
])('%s', (_case, folder) => {
  test.each(Object.entries(PATHS))('%s is the first kind that matches', (kind, path) => {
    expect(kindOf(`${folder}${path}`)).toBe(kind);
  });
});

test.each(['/', '/watch/abcdefghij234567', '/api/streams', '/api/openapi.json', '/assets/main-ABC.js', '/live/'])(
  '%s is not a media file',
  (path) => {
    expect(kindOf(path)).toBeUndefined();
  },
);
