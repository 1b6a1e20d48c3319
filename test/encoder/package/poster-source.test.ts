import type { VideoRendition } from '#encoder/media/media-run.ts';
import { posterSource } from '#encoder/package/poster-source.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';

/** Segments of a rendition by their epochs; those without parts are gaps. */
type Segments = readonly { readonly epoch: number; readonly parts: readonly string[] }[];

const sizes = (...heights: readonly number[]): VideoRendition[] =>
  heights.map((height) => ({ name: `${height}p`, width: height * 2, height, videoKbps: height }));

const upright = (rendition: VideoRendition): VideoRendition => ({
  ...rendition,
  width: rendition.height,
  height: rendition.width,
});

/** A package whose renditions all have these segments. Each part and init section says whose it is. */
function packageOf(
  video: readonly VideoRendition[],
  segments: Segments,
): Pick<StreamPackage, 'playableRun' | 'renditions'> {
  const timelineOf = ({ name }: VideoRendition) => ({
    held: () =>
      segments.map(({ epoch, parts }) => ({ epoch, parts: parts.map((text) => ({ data: Buffer.from(text) })) })),
    initSection: (epoch: number) => Buffer.from(`${name} ${epoch} `),
  });
  const renditions = new Map(video.map((rendition) => [rendition.name, timelineOf(rendition)]));
  return { playableRun: { video }, renditions } as never;
}

const ONE: Segments = [{ epoch: 7, parts: ['first', 'second'] }];

test.each([
  ['the smallest with 480 lines or more', sizes(1080, 720, 480, 360), '480p'],
  ['a larger one if it has no such', sizes(1080, 540, 360), '540p'],
  ['the best if all are smaller', sizes(360, 240), '360p'],
  ['the one of its short side, if the picture is upright', sizes(1080, 480, 360).map(upright), '480p'],
  [
    'H.264 before all',
    [...sizes(360), { ...sizes(480)[0], name: '480p-hevc', codec: 'hevc' } as VideoRendition],
    '360p',
  ],
])('the rendition is %s', (_case, video, name) => {
  expect(String(posterSource(packageOf(video, ONE)))).toBe(`${name} 7 first`);
});

test('it is the beginning of the newest segment that has media', () => {
  const segments: Segments = [...ONE, { epoch: 8, parts: ['newest'] }, { epoch: 8, parts: [] }];
  expect(String(posterSource(packageOf(sizes(720), segments)))).toBe('720p 8 newest');
});

test.each([
  ['nothing can be played', { playableRun: null, renditions: new Map() }],
  ['there is sound alone', packageOf([], ONE)],
  ['nothing is in memory', packageOf(sizes(720), [])],
])('there is none if %s', (_case, stream) => {
  expect(posterSource(stream)).toBeNull();
});
