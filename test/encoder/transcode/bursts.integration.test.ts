import { AUDIO_TAG, type FlvTag } from '#encoder/media/flv-tag.ts';
import { FollowedPackage } from '../package/followed-package.ts';
import { probeTrack } from './media-probe.ts';
import { makeSourceTags } from './source-clip.ts';
import { framesOf, outputOf, startSession, stopSessions, type TranscodeSession } from './transcode-session.ts';

const FRAME_RATE = 25;
const FREEZE_AT_MS = 4000;
const FREEZE_MS = 8000;
const sourceOf = (keyframeSeconds: number) =>
  makeSourceTags({
    seconds: 18,
    video: { width: 320, height: 180, frameRate: `${FRAME_RATE}`, keyframeSeconds },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });

// The tests run side by side, because most of the time they wait for real time.
afterAll(stopSessions);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Paces the tags, but what comes within 8 s of the fourth second on is held back and comes at once. */
async function freeze(session: TranscodeSession, tags: readonly FlvTag[], onTag: () => boolean): Promise<number> {
  const isBefore = ({ timestampMs }: FlvTag, ms: number): boolean => timestampMs < ms;
  await session.pace(tags.filter((tag) => isBefore(tag, FREEZE_AT_MS)));
  await sleep(FREEZE_MS);
  const thawedAtMs = Date.now();
  const rest = tags.filter((tag) => !isBefore(tag, FREEZE_AT_MS));
  session.burst(rest.filter((tag) => isBefore(tag, FREEZE_AT_MS + FREEZE_MS)));
  await session.pace(
    rest.filter((tag) => !isBefore(tag, FREEZE_AT_MS + FREEZE_MS)),
    onTag,
  );
  return thawedAtMs;
}

test.concurrent.each([
  ['of 1 s', 1],
  ['of 4 s', 4],
])(
  'after a freeze, FFmpeg goes on with the newest keyframe of the backlog (keyframes %s)',
  async (_name, keyframeSeconds) => {
    const tags = await sourceOf(keyframeSeconds);
    const viewers = new FollowedPackage('low');
    const session = startSession({
      ladder: '360p',
      stream: { fits: (format) => viewers.stream.fits(format), beginRun: (run) => viewers.beginRun(run) },
    });
    let framesAtThaw = 0;
    let outputAgainAtMs: number | null = null;
    const thawedAtMs = await freeze(session, tags, () => {
      const frames = framesOf(session.runs[0], '360p');
      if (outputAgainAtMs === null) {
        if (framesAtThaw === 0) framesAtThaw = frames;
        else if (frames > framesAtThaw + FRAME_RATE / 2) outputAgainAtMs = Date.now();
      }
      return true;
    });
    await session.transcoder.stop();
    const [run] = session.runs;
    if (run === undefined || outputAgainAtMs === null) throw new Error('no output after the freeze');
    expect([session.runs.length, session.restarts, session.fatal, session.errors]).toEqual([1, [], [], []]);
    expect(viewers.violations).toEqual([]);

    const seconds = framesOf(run, '360p') / FRAME_RATE;
    // All but what was skipped has come out, and the date of the last frame is right: nothing before it is late for good.
    const skippedMs = run.run.wallClockMs(1 + seconds - 0.1) - run.run.wallClockMs(1) - (seconds - 0.1) * 1000;
    expect(run.run.absencesBy(1 + seconds)).toBe(1);
    expect(skippedMs).toBeGreaterThan(FREEZE_MS - 1000 * keyframeSeconds - 1500);
    expect(Math.abs(18_000 - skippedMs - seconds * 1000)).toBeLessThan(500);
    const track = await probeTrack(outputOf(run, '360p'));
    const steps = track.packets
      .slice(1)
      .map(({ pts }, index) => Math.round((pts - (track.packets[index]?.pts ?? 0)) * 1000));
    expect(new Set(steps)).toEqual(new Set([1000 / FRAME_RATE]));
    expect(outputAgainAtMs - thawedAtMs).toBeLessThan(2000);
  },
);

test.concurrent('tags of sound alone are skipped like pictures', async () => {
  const tags = (await sourceOf(1)).filter(({ type }) => type === AUDIO_TAG);
  const session = startSession({ ladder: '360p' });
  await freeze(session, tags, () => true);
  await session.transcoder.stop();
  const [run] = session.runs;
  const seconds = (framesOf(run, 'audio') * 1024) / 48_000;
  expect(seconds).toBeLessThan(18 - FREEZE_MS / 1000 + 2);
  expect(seconds).toBeGreaterThan(18 - FREEZE_MS / 1000 - 2);
  expect([session.runs.length, session.restarts, session.fatal]).toEqual([1, [], []]);
});
