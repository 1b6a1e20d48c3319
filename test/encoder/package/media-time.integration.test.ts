import { resumedPackage } from '#encoder/package/lost-package.ts';
import { offeredRenditions } from '#encoder/package/offered-renditions.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { RUN_START_SECONDS } from '#encoder/transcode/ffmpeg-arguments.ts';
import { videoTimescale } from '#encoder/transcode/frame-rates.ts';
import {
  type EncodedRun,
  encodeRun,
  type FeedStep,
  FPS_30,
  feed,
  interleaved,
  toMediaRun,
} from '#test/support/encoded-run.ts';
import { FollowedPackage, readSamples } from './followed-package.ts';

const RENDITIONS = ['480p', '360p', 'audio'];
const AUDIO_FRAME_SECONDS = 1024 / 48_000;
const ROUNDING_SECONDS = 1e-4;

let encoded: EncodedRun;
let steps: readonly FeedStep[];

beforeAll(async () => {
  encoded = await encodeRun();
  steps = interleaved(encoded);
});

/** All headers, all of the sound, and so many frames of each picture. Sound is ahead of the picture in FFmpeg. */
function withFrames(frames: Readonly<Record<string, number>>): FeedStep[] {
  const kept = new Map(
    [...encoded.tracks].map(([name, track]) => [
      name,
      new Set(track.frames.slice(0, frames[name] ?? track.frames.length)),
    ]),
  );
  const all = steps.filter(
    ({ rendition, chunk }) => encoded.tracks.get(rendition)?.header === chunk || kept.get(rendition)?.has(chunk),
  );
  return [
    ...all.filter(({ rendition }) => rendition === 'audio'),
    ...all.filter(({ rendition }) => rendition !== 'audio'),
  ];
}

/** Where the media of a run begins and ends on the stream's timeline, in seconds. */
function span(
  stream: StreamPackage,
  rendition: string,
  epoch: number,
): { readonly from: number; readonly until: number } {
  const segments =
    stream.renditions
      .get(rendition)
      ?.held()
      .filter((segment) => segment.epoch === epoch) ?? [];
  const samples = readSamples(Buffer.concat(segments.flatMap(({ parts }) => parts.map(({ data }) => data))));
  const timescale = rendition === 'audio' ? 48_000 : videoTimescale(FPS_30);
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) throw new Error(`no media of run ${epoch} in ${rendition}`);
  return { from: first.decodeTicks / timescale, until: (last.decodeTicks + last.durationTicks) / timescale };
}

/** Runs one after the other, of which the first ends in `frames`. Returns where the sink says that the first one ended. */
async function twoRuns(frames: Readonly<Record<string, number>>, isMoved: boolean) {
  const followed = new FollowedPackage('low');
  const sink = followed.beginRun(toMediaRun(encoded, 7));
  feed(sink, withFrames(frames));
  const endSeconds = sink.end();
  if (isMoved) await followed.move();
  followed.addRun(toMediaRun(encoded, 8), steps);
  expect(followed.violations).toEqual([]);
  const { stream } = followed;
  return {
    endSeconds,
    spans: RENDITIONS.map((name) => [7, 8].map((epoch) => span(stream, name, epoch))),
    sequenceNumbers: RENDITIONS.map((name) => sequenceNumbersOf(stream, name)),
  };
}

/** What the `mfhd` boxes of a rendition's parts say (ISO/IEC 14496-12 8.8.5: they rise). */
function sequenceNumbersOf({ renditions }: StreamPackage, name: string): number[] {
  const segments = renditions.get(name)?.held() ?? [];
  return segments.flatMap(({ parts }) => parts.map(({ data }) => data.readUInt32BE(data.indexOf('mfhd') + 8)));
}

test.each([false, true])(
  'goes on where the run before ended, in every rendition, moved to another task: %s',
  async (isMoved) => {
    const { spans, sequenceNumbers } = await twoRuns({}, isMoved);
    for (const numbers of sequenceNumbers) expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    for (const [before, after] of spans) {
      const missingSeconds = (after?.from ?? 0) - (before?.until ?? 0);
      expect(missingSeconds).toBeGreaterThan(-ROUNDING_SECONDS);
      expect(missingSeconds).toBeLessThanOrEqual(AUDIO_FRAME_SECONDS + ROUNDING_SECONDS);
    }
  },
);

test.each([
  ['as far as all have come', { '480p': 100, '360p': 97 }, 97],
  ['in the middle of a part', { '480p': 100, '360p': 100 }, 100],
  ['where a part is published already', { '480p': 107, '360p': 97 }, 105],
  ['after a whole part', { '480p': 90, '360p': 90 }, 90],
  ['before a last part of two frames', { '480p': 92, '360p': 92 }, 90],
])('all renditions of a run that breaks off end together, %s', async (_, frames, last) => {
  const { endSeconds, spans } = await twoRuns(frames, false);
  const [top, other, audio] = spans.map(([before]) => before?.until ?? 0);
  const end = RUN_START_SECONDS + last / 30;
  expect(endSeconds).toBeCloseTo(end, 6);
  expect(top).toBeCloseTo(end, 4);
  expect(other).toBeCloseTo(RUN_START_SECONDS + Math.min(last, frames['360p']) / 30, 4);
  expect(Math.abs((audio ?? 0) - end)).toBeLessThanOrEqual(AUDIO_FRAME_SECONDS / 2 + ROUNDING_SECONDS);
  // What the first run has dropped is in the second one.
  for (const [, after] of spans) expect(Math.abs((after?.from ?? 0) - end)).toBeLessThanOrEqual(AUDIO_FRAME_SECONDS);
});

test('the picture does not outlast the sound, unless it is published or the sound has stopped', async () => {
  const framesOfSound = (seconds: number) => Math.round(seconds / AUDIO_FRAME_SECONDS) + 1;
  const { spans } = await twoRuns({ '480p': 101, '360p': 101, audio: framesOfSound(3.2) }, false);
  expect(spans.map(([before]) => before?.until.toFixed(1))).toEqual(['4.2', '4.2', '4.2']);
  const behind = await twoRuns({ '480p': 101, '360p': 101, audio: framesOfSound(2) }, false);
  expect(behind.endSeconds).toBeCloseTo(RUN_START_SECONDS + 101 / 30, 6);
});

test('the end of the playlists has no parts that were not there before', () => {
  const followed = new FollowedPackage('low');
  feed(followed.beginRun(toMediaRun(encoded, 7)), withFrames({ '480p': 100, '360p': 100 }));
  const partsOf = (name: string) =>
    followed.stream.renditions
      .get(name)
      ?.held()
      .flatMap(({ parts }) => parts).length;
  const before = RENDITIONS.map(partsOf);
  followed.end();
  expect(RENDITIONS.map(partsOf)).toEqual(before);
  expect(followed.violations).toEqual([]);
});

test('sound is published no earlier than the picture', () => {
  const followed = new FollowedPackage('low');
  const sink = followed.beginRun(toMediaRun(encoded, 7));
  feed(sink, withFrames({ '480p': 44, '360p': 20 }));
  const partsOf = (name: string) =>
    followed.stream.renditions
      .get(name)
      ?.held()
      .flatMap(({ parts }) => parts).length;
  expect(RENDITIONS.map(partsOf)).toEqual([2, 1, 2]);
});

test('sound goes on without a picture that is missing for more than 20 s', async () => {
  const long = await encodeRun({ seconds: 26 });
  const stream = new StreamPackage({ latency: 'low', firstMsn: 1 });
  const sink = stream.beginRun(toMediaRun(long, 7));
  for (const { rendition, chunk } of interleaved(long)) {
    const frame = long.tracks.get(rendition)?.frames.indexOf(chunk) ?? 0;
    if (rendition === 'audio' || frame < 30) sink.write(rendition, chunk);
  }
  const { until } = span(stream, 'audio', 7);
  expect(until).toBeGreaterThan(RUN_START_SECONDS + 2);
});

test('goes on above all that a lost task may have published', () => {
  const lost = new StreamPackage({ latency: 'low', firstMsn: 1 });
  const sink = lost.beginRun(toMediaRun(encoded, 7));
  const known = withFrames({ '480p': 100, '360p': 100 });
  feed(sink, known);
  const offered = offeredRenditions(lost);
  if (offered === null) throw new Error('nothing is offered');
  feed(
    sink,
    steps.filter(({ chunk }) => !known.some((step) => step.chunk === chunk)),
  );
  sink.end();
  const resumed = resumedPackage({ latency: 'low', offered, firstMsn: lost.nextMsn() });
  feed(resumed.beginRun(toMediaRun(encoded, 1000)), steps);
  for (const name of RENDITIONS) {
    expect(span(resumed, name, 1000).from).toBeGreaterThanOrEqual(span(lost, name, 7).until);
  }
});
