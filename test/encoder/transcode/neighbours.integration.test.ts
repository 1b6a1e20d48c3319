import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { STEP_LIMITS } from '#encoder/transcode/step-policy.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { ffmpegsOnOneCore } from './slow-ffmpeg.ts';
import { makeSourceTags } from './source-clip.ts';
import { framesOf, startSession, stopSessions } from './transcode-session.ts';

const FRAME_RATE = 24;
const FRAME_MS = 1000 / FRAME_RATE;
const AUDIO = { sampleRateHz: 48_000, channels: 2 } as const;

afterEach(stopSessions);

const videoOutputs = (args: readonly string[]): number => args.filter((arg) => arg === 'libx264').length;

test('a stream that is too heavy for its task steps down, and its light neighbour keeps its level and its FFmpeg', async () => {
  const [heavyTags, lightTags] = await Promise.all(
    [
      { width: 640, height: 480 },
      { width: 320, height: 180 },
    ].map((size) =>
      makeSourceTags({ seconds: 60, video: { ...size, frameRate: `${FRAME_RATE}`, keyframeSeconds: 1 }, audio: AUDIO }),
    ),
  );
  // Two renditions alone are more than the core can do. One rendition takes a fifth of it.
  const spawn = ffmpegsOnOneCore((args) => FRAME_MS * (videoOutputs(args) > 1 ? 1.3 : 0.2));
  const { slowMs, fallingMs, lateMs } = STEP_LIMITS;
  const arbiter = testArbiter({ limits: { slowMs, fallingMs, lateMs }, vCpus: 0.3 });
  const heavy = startSession({ ladder: '480p', spawn, arbiter });
  const light = startSession({ ladder: '360p', spawn, arbiter });
  let sent = 0;
  let shareOfLight = 1;
  const goesOn = (): boolean => {
    if (heavy.steps.length === 0) shareOfLight = framesOf(light.runs[0], '360p') / sent;
    return framesOf(heavy.runs[1], '360p') < 2 * FRAME_RATE || framesOf(light.runs[0], '360p') < sent - 2 * FRAME_RATE;
  };
  await Promise.all([
    heavy.pace(heavyTags ?? [], goesOn),
    light.pace(lightTags ?? [], (tag) => {
      if (tag.type === VIDEO_TAG) sent += 1;
      return goesOn();
    }),
  ]);
  await Promise.all([heavy.transcoder.stop(), light.transcoder.stop()]);
  expect(heavy.steps.map(({ direction }) => direction)).toContain('down');
  expect([heavy.restarts, heavy.fatal]).toEqual([[], []]);
  // The neighbour had too little of the core, too.
  expect(shareOfLight).toBeLessThan(0.9);
  expect([light.steps, light.restarts, light.fatal]).toEqual([[], [], []]);
  expect(light.runs).toHaveLength(1);
});
