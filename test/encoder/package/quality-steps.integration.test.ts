import type { MediaRun } from '#encoder/media/media-run.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { checkMultivariantPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import {
  type EncodedRun,
  encodeRun,
  type FeedStep,
  FPS_30,
  interleaved,
  toMediaRun,
  WALL_CLOCK_START_MS,
} from '#test/support/encoded-run.ts';
import { FollowedPackage, readSamples } from './followed-package.ts';

const SECONDS = 6;
const atRate = (framesPerSecond: number, seconds = SECONDS): Promise<EncodedRun> =>
  encodeRun({
    seconds,
    video: {
      frameRate: { numerator: framesPerSecond, denominator: 1 },
      keyframeFrames: 2 * framesPerSecond,
      bFrames: 0,
    },
  });

let full: EncodedRun;
/** 480p has 15 frames a second, 360p has 30. */
let halved: EncodedRun;

beforeAll(async () => {
  full = await atRate(30);
  const { tracks } = await atRate(15);
  halved = {
    ...full,
    tracks: new Map(
      [...full.tracks].map(([name, track]) => [name, name === '480p' ? (tracks.get(name) ?? track) : track]),
    ),
  };
});

/** What FFmpeg makes at a level: 0 is everything, 1 has half of the best rendition's frames, 2 lacks it. */
function runAt(level: number, epoch: number): { readonly run: MediaRun; readonly steps: readonly FeedStep[] } {
  const [top, ...others] = toMediaRun(full, epoch).video;
  if (top === undefined) throw new Error('the run has no video');
  const video = [[top, ...others], [{ ...top, frameStep: 2 }, ...others], others][level] ?? [];
  const startMs = WALL_CLOCK_START_MS + epoch * SECONDS * 1000;
  const run = toMediaRun(full, epoch, { video, wallClockMs: (mediaSeconds) => startMs + mediaSeconds * 1000 });
  const steps = interleaved(level === 1 ? halved : full);
  return { run, steps: level === 2 ? steps.filter(({ rendition }) => rendition !== '480p') : steps };
}

test.each([false, true])(
  'players of every rendition can follow each step down and up, moved to another task: %s',
  async (isMoved) => {
    const followed = new FollowedPackage('low');
    const frameRates: string[] = [];
    for (const [epoch, level] of [0, 1, 2, 1, 0].entries()) {
      const { run, steps } = runAt(level, epoch);
      expect(followed.stream.fits(run)).toBe(true);
      followed.addRun(run, steps);
      const multivariant = renderMultivariantPlaylist(followed.stream) ?? '';
      expect(checkMultivariantPlaylist(multivariant)).toEqual([]);
      if (isMoved) {
        await followed.move();
        expect(renderMultivariantPlaylist(followed.stream)).toBe(multivariant);
      }
      frameRates.push([...multivariant.matchAll(/FRAME-RATE=([\d.]+)/g)].map((match) => match[1]).join(' '));
    }
    expect(followed.violations).toEqual([]);
    expect(frameRates).toEqual(['30.000 30.000', '30.000 30.000', '30.000', '30.000 30.000', '30.000 30.000']);
    const listed = (name: string) => parseMediaPlaylist(followed.playlist(name)).segments;
    for (const name of ['480p', '360p', 'audio']) {
      expect(listed(name).filter(({ discontinuities }) => discontinuities > 0)).toHaveLength(4);
      expect(listed(name).some(({ isGap }) => isGap)).toBe(false);
    }
  },
);

test('a rendition with half of the frames is cut at the same moments as the others', () => {
  const followed = new FollowedPackage('low');
  const { run, steps } = runAt(1, 1);
  followed.addRun(run, steps);
  const partsOf = (name: string) =>
    followed.stream.renditions
      .get(name)
      ?.held()
      .flatMap(({ msn, parts }) =>
        parts.map(({ durationSeconds, data }) => ({ msn, durationSeconds, frames: readSamples(data).length })),
      ) ?? [];
  const [half, whole] = [partsOf('480p'), partsOf('360p')];
  expect(half).toHaveLength(12);
  for (const [index, { msn, durationSeconds, frames }] of half.entries()) {
    expect(whole[index]).toMatchObject({ msn, frames: 2 * frames });
    expect(whole[index]?.durationSeconds).toBeCloseTo(durationSeconds, 9);
  }
});

test('no audio part is longer than PART-TARGET, though every fourth segment is cut half-way between two audio frames', async () => {
  const followed = new FollowedPackage('low');
  const long = await atRate(15, 40);
  const [top] = toMediaRun(long, 1).video;
  if (top === undefined) throw new Error('the run has no video');
  const run = toMediaRun(long, 1, { ...{ video: [{ ...top, frameStep: 2 }], keyframeFrames: 60 }, frameRate: FPS_30 });
  followed.addRun(
    run,
    interleaved(long).filter(({ rendition }) => rendition !== '360p'),
  );
  expect(followed.violations).toEqual([]);
});

test('viewers of a rendition that is left out get the next one on its URL', () => {
  const followed = new FollowedPackage('low');
  for (const [epoch, level] of [0, 2].entries()) {
    const { run, steps } = runAt(level, epoch);
    followed.addRun(run, steps);
  }
  const newest = (name: string) => followed.stream.renditions.get(name)?.newest();
  expect(newest('480p')?.epoch).toBe(1);
  expect(newest('480p')?.parts).toEqual(newest('360p')?.parts);
  expect(renderMultivariantPlaylist(followed.stream)).not.toContain('480p/media.m3u8');
});
