import type { RunFormat } from '#encoder/media/media-run.ts';
import { EMPTY_PACKAGE } from '#encoder/package/package-snapshot.ts';
import { RenditionTimelines } from '#encoder/package/rendition-timelines.ts';

const OPTIONS = { windowSeconds: 12, targetDurationSeconds: 2, onChange: () => undefined };

const rendition = (name: string) => ({
  ...{ name, width: 640, height: 360, videoKbps: 600 },
  ...(name.endsWith('-hevc') && { codec: 'hevc' as const }),
});
const runOf = (...names: string[]): RunFormat => ({
  video: names.map(rendition),
  frameRate: { numerator: 30, denominator: 1 },
  keyframeFrames: 60,
  audio: null,
});

/** Which renditions each rendition of the last run feeds. */
function fedBy(...runs: readonly RunFormat[]): Record<string, string[]> {
  const timelines = new RenditionTimelines(OPTIONS, { ...EMPTY_PACKAGE, firstMsn: 1 });
  const fed: Record<string, string[]> = {};
  for (const run of runs) {
    for (const { name } of run.video) {
      const own = timelines.fedBy(name, run);
      fed[name] = [...timelines.byName].flatMap(([other, timeline]) => (own.includes(timeline) ? [other] : []));
    }
  }
  return Object.fromEntries(runs.at(-1)?.video.map(({ name }) => [name, fed[name] ?? []]) ?? []);
}

const FULL = runOf('480p', '360p', '480p-hevc', '360p-hevc');

test('players of a rendition that is not made any more get the best one of their codec', () => {
  expect(fedBy(FULL, runOf('480p', '360p', '360p-hevc'))).toEqual({
    '480p': ['480p'],
    '360p': ['360p'],
    '360p-hevc': ['480p-hevc', '360p-hevc'],
  });
});

test('if nothing is left in their codec, they get the best one of all', () => {
  expect(fedBy(FULL, runOf('480p', '360p'))).toEqual({
    '480p': ['480p', '480p-hevc', '360p-hevc'],
    '360p': ['360p'],
  });
});

test('if the codec is there again, each gets its own', () => {
  expect(fedBy(FULL, runOf('360p'), FULL)).toEqual({
    '480p': ['480p'],
    '360p': ['360p'],
    '480p-hevc': ['480p-hevc'],
    '360p-hevc': ['360p-hevc'],
  });
});
