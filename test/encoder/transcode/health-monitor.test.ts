import { AUDIO_TAG, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { HealthMonitor } from '#encoder/transcode/health-monitor.ts';
import type { PaceSample } from '#encoder/transcode/step-policy.ts';
import { encodeAmf0 } from '#kit/amf0.ts';

const START_MS = 1_800_000_000_000;
const SOURCE = {
  video: { codec: 'h264', width: 1280, height: 720, frameRate: 25 },
  audio: { codec: 'aac', sampleRateHz: 48_000, channels: 2 },
} as const;
const KEYFRAME = { type: VIDEO_TAG, timestampMs: 0, payload: Buffer.from([0x17, 1]) } as const;

/** A keyframe every 40 ms, without delay. */
function sendSeconds(monitor: HealthMonitor, fromMs: number, seconds: number): void {
  for (let timelineMs = fromMs; timelineMs < fromMs + seconds * 1000; timelineMs += 40) {
    monitor.onFrame({ tag: KEYFRAME, timelineMs }, START_MS + timelineMs);
  }
}

/** How FFmpeg keeps up at a moment. It is allowed to be a second behind. */
const sample = (ms: number, speed: number | null, backlogMs = 0): PaceSample => ({
  ...{ nowMs: START_MS + ms, speed, decline: null, backlogMs, allowanceMs: 1000 },
});

const AUDIO = { type: AUDIO_TAG, timestampMs: 0, payload: Buffer.from([0xaf, 1]) } as const;

test.each([
  ['a slow start', [sample(5000, 0.88), sample(9500, 0.93)], false],
  ['a slow start that FFmpeg is excused for', [sample(5000, 0.7, 1900)], false],
  ['a start that is slower than that', [sample(5000, 0.7, 2100)], true],
  ['a speed that stays too low', [sample(5000, 0.9), sample(15_500, 0.94)], true],
  ['almost real time', [sample(15_500, 0.95)], false],
  ['an unknown speed', [sample(15_500, null)], false],
])('%s: whether the encoder keeps up', (_name, samples, isSlow) => {
  const monitor = new HealthMonitor();
  monitor.onRun(START_MS);
  for (const each of samples) monitor.onSample(each);
  const { warnings } = monitor.report({ source: null, encoderSpeed: 0.9, reduction: null, nowMs: START_MS + 16_000 });
  expect(warnings).toEqual(isSlow ? [expect.stringContaining("The server can't keep up")] : []);
});

test('while no video arrives, nothing else is said about it, and afterwards it is as if nothing had been', () => {
  const monitor = new HealthMonitor();
  const sendAudio = (fromMs: number, seconds: number): void => {
    for (let timelineMs = fromMs; timelineMs < fromMs + seconds * 1000; timelineMs += 20) {
      monitor.onFrame({ tag: AUDIO, timelineMs }, START_MS + timelineMs);
    }
  };
  const warningsAt = (ms: number): readonly string[] =>
    monitor.report({ source: SOURCE, encoderSpeed: null, reduction: null, nowMs: START_MS + ms }).warnings;
  sendSeconds(monitor, 0, 10);
  sendAudio(0, 11);
  expect(warningsAt(11_000)).toEqual([]);
  sendAudio(11_000, 19);
  expect(warningsAt(30_000)).toEqual([expect.stringContaining('No picture arrives')]);
  sendSeconds(monitor, 30_000, 1);
  sendAudio(30_000, 1);
  expect(warningsAt(31_000)).toEqual([]);
  sendSeconds(monitor, 31_000, 10);
  sendAudio(31_000, 10);
  expect(
    monitor.report({ source: SOURCE, encoderSpeed: null, reduction: null, nowMs: START_MS + 41_000 }),
  ).toMatchObject({
    ...{ warnings: [], droppedFrames: 0, keyframeIntervalSeconds: 0 },
  });
});

test('unknown values are null and cause no warning', () => {
  expect(new HealthMonitor().report({ source: null, encoderSpeed: null, reduction: null, nowMs: START_MS })).toEqual({
    ...{ inputKbps: 0, frameRate: null, width: null, height: null, videoCodec: null, audioCodec: null },
    ...{ keyframeIntervalSeconds: null, droppedFrames: 0, encoderSpeed: null, audioLevelDb: null, warnings: [] },
  });
});

test('a report contains the source, the measurements and the speed', () => {
  const monitor = new HealthMonitor();
  sendSeconds(monitor, 0, 10);
  monitor.onSample(sample(10_000, 0.5, 4000));
  const health = monitor.report({ source: SOURCE, encoderSpeed: 0.5, reduction: null, nowMs: START_MS + 10_000 });
  expect(health).toMatchObject({ width: 1280, height: 720, videoCodec: 'h264', audioCodec: 'aac', frameRate: 25 });
  expect(health).toMatchObject({ encoderSpeed: 0.5, warnings: [expect.stringContaining("The server can't keep up")] });
});

test('an overload is remembered for a minute', () => {
  const monitor = new HealthMonitor();
  monitor.onOverload(START_MS);
  const warningsAfter = (ms: number) =>
    monitor.report({ source: null, encoderSpeed: null, reduction: null, nowMs: START_MS + ms }).warnings;
  expect(warningsAfter(59_999)).toEqual([expect.stringContaining("The server can't keep up")]);
  expect(warningsAfter(60_000)).toEqual([]);
});

test('a jump of the timestamps does not count as lost frames, and the declared bitrate stays', () => {
  const monitor = new HealthMonitor();
  const metadata = encodeAmf0('onMetaData', { videodatarate: 4000 });
  monitor.onScript({ type: SCRIPT_TAG, timestampMs: 0, payload: metadata });
  sendSeconds(monitor, 0, 10);
  monitor.onJump();
  sendSeconds(monitor, 30_000, 10);
  // Late, and slower than the bitrate that was declared before the jump.
  const health = monitor.report({ source: SOURCE, encoderSpeed: 1, reduction: null, nowMs: START_MS + 45_000 });
  expect(health.droppedFrames).toBe(0);
  expect(health.warnings).toEqual([expect.stringContaining('The upload is slower than the 4 Mbit/s')]);
});
