import { framesPerSecond } from '#encoder/media/media-run.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { STEP_LIMITS } from '#encoder/transcode/step-policy.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { FollowedPackage } from '../package/followed-package.ts';
import { probeTrack } from './media-probe.ts';
import { slowFfmpeg } from './slow-ffmpeg.ts';
import { makeSourceTags } from './source-clip.ts';
import { framesOf, outputOf, startSession, stopSessions, type TranscodeSession } from './transcode-session.ts';

const FRAME_RATE = 24;
const FRAME_MS = 1000 / FRAME_RATE;
const CLIP = {
  seconds: 60,
  video: { width: 640, height: 480, frameRate: `${FRAME_RATE}`, keyframeSeconds: 1 },
  audio: { sampleRateHz: 48_000, channels: 2 },
} as const;
/** The product's times would make the test take minutes. */
const LIMITS = { slowMs: 3000, roomMs: 2000, settleMs: 500 } as const;

afterEach(stopSessions);
// Tests of FFmpegs that are much too slow run side by side: what else the machine does makes no difference to them.
afterAll(stopSessions);

const videoOutputs = (args: readonly string[]): number => args.filter((arg) => arg === 'libx264').length;
const isHalved = (args: readonly string[]): boolean => args.some((arg) => arg.includes('select='));

/** How many milliseconds of media each run lacks or repeats after the one before it. */
function seamsMs({ runs }: TranscodeSession): number[] {
  return runs.slice(1).map(({ run }, index) => {
    const before = runs[index];
    if (before === undefined || before.run.frameRate === null) throw new Error('a run without video');
    const seconds = framesOf(before, '360p') / framesPerSecond(before.run.frameRate);
    return run.wallClockMs(1) - before.run.wallClockMs(1 + seconds);
  });
}

test('an FFmpeg that is slow steps down until it keeps up, and up again when there is room', async () => {
  const tags = await makeSourceTags(CLIP);
  const viewers = new FollowedPackage('low');
  let hasRoom = false;
  const session = startSession({
    ladder: '480p',
    // Real time for one rendition only.
    spawn: slowFfmpeg((args) => (hasRoom || videoOutputs(args) === 1 ? 0 : FRAME_MS / (isHalved(args) ? 0.94 : 0.92))),
    arbiter: testArbiter({ limits: LIMITS, idleVCpus: () => 100 }),
    stream: {
      fits: (format) => viewers.stream.fits(format),
      beginRun: (run) => viewers.beginRun(run),
    },
  });
  const warnings = new Set<string>();
  await session.pace(tags, () => {
    for (const warning of session.transcoder.health().warnings) warnings.add(warning);
    if (session.runs.length === 3 && framesOf(session.runs[2], '360p') > 0) hasRoom = true;
    return framesOf(session.runs[4], '360p') < 2 * FRAME_RATE;
  });
  await session.transcoder.stop();

  expect(session.steps.map(({ direction, level }) => `${direction} to ${level}`)).toEqual([
    'down to 1',
    'down to 2',
    'up to 1',
    'up to 0',
  ]);
  expect(session.steps[0]?.renditions).toEqual([
    { name: '480p', frameRate: FRAME_RATE / 2 },
    { name: '360p', frameRate: FRAME_RATE },
  ]);
  expect(session.steps[1]?.renditions).toEqual([{ name: '360p', frameRate: FRAME_RATE }]);
  expect([session.restarts, session.fatal, session.errors]).toEqual([[], [], []]);
  expect([...warnings].filter((text) => text.startsWith('The server is too busy'))).toEqual([
    expect.stringContaining(`get 480p with ${FRAME_RATE / 2} instead of ${FRAME_RATE} frames a second;`),
    expect.stringContaining('get at most 360p instead of 480p;'),
  ]);
  // Nothing is lost and nothing repeats.
  for (const seamMs of seamsMs(session)) expect(Math.abs(seamMs)).toBeLessThan(2 * FRAME_MS);
  // Every playlist was checked after every change.
  expect(viewers.violations).toEqual([]);
  const newest = ['480p', '360p', 'audio'].map((name) => viewers.stream.renditions.get(name)?.newest()?.epoch);
  expect(newest).toEqual([5, 5, 5]);
  expect(renderMultivariantPlaylist(viewers.stream)?.match(/FRAME-RATE=[\d.]+/g)).toEqual([
    'FRAME-RATE=24.000',
    'FRAME-RATE=24.000',
  ]);
});

test('half of the frames are every second frame, at the same moments and with IDR frames at the same moments', async () => {
  const tags = await makeSourceTags({ ...CLIP, seconds: 5 });
  const session = startSession({ ladder: '480p', firstLevel: 1 });
  session.burst(tags);
  await session.until(() => framesOf(session.runs[0], '360p') >= 4 * FRAME_RATE);
  await session.transcoder.stop();
  const [recorded] = session.runs;
  if (recorded === undefined) throw new Error('there is no run');
  const [half, whole] = await Promise.all(['480p', '360p'].map((name) => probeTrack(outputOf(recorded, name))));
  expect(half?.packets.length).toBeGreaterThan(2 * FRAME_RATE);
  const everySecond = whole?.packets.filter((_, index) => index % 2 === 0) ?? [];
  for (const [index, { pts, isKeyframe }] of (half?.packets ?? []).entries()) {
    expect(everySecond[index]?.pts).toBeCloseTo(pts, 6);
    expect(everySecond[index]?.isKeyframe).toBe(isKeyframe);
  }
});

test.concurrent('an FFmpeg that falls behind steps down before it has to be replaced', async () => {
  const tags = await makeSourceTags({ ...CLIP, seconds: 30 });
  const session = startSession({
    ladder: '480p',
    spawn: slowFfmpeg((args) => (isHalved(args) || videoOutputs(args) === 1 ? 0 : FRAME_MS / 0.6)),
    arbiter: testArbiter({ limits: { fallingMs: STEP_LIMITS.fallingMs } }),
  });
  await session.pace(tags, () => framesOf(session.runs[1], '360p') < FRAME_RATE);
  await session.transcoder.stop();
  expect(session.restarts).toEqual([]);
  expect(session.steps).toMatchObject([{ direction: 'down' }]);
  expect(Math.abs(seamsMs(session)[0] ?? Number.NaN)).toBeLessThan(2 * FRAME_MS);
});

test.concurrent('an FFmpeg that has to be replaced all the same is replaced at once, by one that has less to do', async () => {
  const tags = await makeSourceTags({ ...CLIP, seconds: 30 });
  const session = startSession({
    ladder: '480p',
    spawn: slowFfmpeg((args) => (videoOutputs(args) === 1 ? 0 : FRAME_MS / 0.05)),
    arbiter: testArbiter({ vCpus: 0.1, limits: { settleMs: 0 } }),
  });
  await session.pace(tags, () => framesOf(session.runs[2], '360p') < FRAME_RATE);
  await session.transcoder.stop();
  expect(session.restarts).toEqual(['overloaded', 'overloaded']);
  expect(session.steps.map(({ level }) => level)).toEqual([1, 2]);
  expect(session.fatal).toEqual([]);
});

test.concurrent('an FFmpeg that does not keep up at the last level is never replaced: media is skipped, with a discontinuity', async () => {
  const tags = await makeSourceTags({ ...CLIP, seconds: 60, video: { ...CLIP.video, frameRate: '15' } });
  const session = startSession({ ladder: '360p', spawn: slowFfmpeg(() => 1000 / 15 / 0.5) });
  const skips = (): number => session.runs[0]?.run.absencesBy(1 + framesOf(session.runs[0], '360p') / 15) ?? 0;
  await session.pace(tags, () => skips() < 2);
  await session.transcoder.stop();
  expect(skips()).toBeGreaterThanOrEqual(2);
  expect([session.runs.length, session.restarts, session.fatal]).toEqual([1, [], []]);
});
