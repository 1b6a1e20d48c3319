import { firstMedia, firstPlaylists } from '#site/watch/first-files.ts';

const variant = (size: number, bitsPerSecond: number, codec = 'avc1.4d401f') =>
  `#EXT-X-STREAM-INF:BANDWIDTH=${bitsPerSecond},AVERAGE-BANDWIDTH=1,CODECS="${codec},mp4a.40.2",RESOLUTION=${size * 2}x${size},AUDIO="audio"\n${size}p/media.m3u8`;
const AUDIO = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,URI="audio/media.m3u8"';
const master = (...lines: string[]) => ['#EXTM3U', ...lines, ''].join('\n');
const LADDER = master(AUDIO, variant(720, 3_000_000), variant(360, 900_000), variant(480, 1_600_000));

test.each([
  ['medium quality and its sound', LADDER, null, ['480p/media.m3u8', 'audio/media.m3u8']],
  ['the size that the viewer has chosen', LADDER, 720, ['720p/media.m3u8', 'audio/media.m3u8']],
  ['no size that there is not', LADDER, 1080, ['480p/media.m3u8', 'audio/media.m3u8']],
  ['the least if all is much', master(variant(1080, 6_000_000), variant(720, 3_000_000)), null, ['720p/media.m3u8']],
  ['nothing if hls.js chooses the codec', master(variant(720, 3e6), variant(720, 2e6, 'hvc1.1.6')), null, []],
  ['nothing of what is no playlist', '<html>', null, []],
])('playback begins with %s', (_what, playlist, chosenSize, uris) => {
  expect(firstPlaylists(playlist, chosenSize)).toEqual(uris);
});

/** Segments of two seconds in parts of half a second. Only their first part can be decoded by itself, unless `all` can. */
function media({ segments = 3, openParts = 2, all = false, tail = '' } = {}): string {
  const parts = (segment: number, count: number) =>
    Array.from({ length: count }, (_, part) => {
      const independent = all || part === 0 ? ',INDEPENDENT=YES' : '';
      return `#EXT-X-PART:DURATION=0.50000,URI="1-${segment}.${part}.m4s"${independent}`;
    });
  const whole = Array.from({ length: segments }, (_, segment) => [
    ...parts(segment, 4),
    '#EXTINF:2,',
    `1-${segment}.m4s`,
  ]);
  return [
    '#EXTM3U',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=6',
    '#EXT-X-PART-INF:PART-TARGET=0.5',
    '#EXT-X-MAP:URI="1-init.mp4"',
    ...whole.flat(),
    ...parts(segments, openParts),
    tail,
  ].join('\n');
}

test.each([
  [
    'the segment in which the hold-back begins',
    media(),
    ['1-2.0.m4s', '1-2.1.m4s', '1-2.2.m4s', '1-2.3.m4s', '1-3.0.m4s'],
  ],
  ['the open segment, if it is long enough', media({ openParts: 3 }), ['1-3.0.m4s', '1-3.1.m4s']],
  ['the part in which it begins, of sound', media({ all: true }), ['1-2.3.m4s', '1-3.0.m4s']],
  ['what there is of a young stream', media({ segments: 0, openParts: 1 }), []],
])('a player needs %s', (_what, playlist, parts) => {
  expect(firstMedia(playlist)).toEqual(['1-init.mp4', ...parts]);
});

test.each([
  ['has ended', media({ tail: '#EXT-X-ENDLIST' })],
  ['has no parts', media().replace(/#EXT-X-SERVER-CONTROL.*/, '')],
  ['has no init section', media().replace(/#EXT-X-MAP.*/, '')],
])('nothing is asked for of a playlist that %s', (_what, playlist) => {
  expect(firstMedia(playlist)).toEqual([]);
});
