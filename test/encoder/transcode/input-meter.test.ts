import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { InputMeter, lostFrames } from '#encoder/transcode/input-meter.ts';
import { encodeAmf0 } from '#kit/amf0.ts';

const START_MS = 1_800_000_000_000;
const SILENCE = {
  inputKbps: 0,
  expectedKbps: null,
  frameRate: null,
  keyframeIntervalSeconds: null,
  secondsSinceKeyframe: null,
  isVideoMissing: false,
  wasVideoMissing: false,
  droppedFrames: 0,
  delaySeconds: 0,
};

const frame = (kind: 'keyframe' | 'inter', sizeBytes: number): FlvTag => ({
  type: VIDEO_TAG,
  timestampMs: 0,
  payload: Buffer.concat([Buffer.from([kind === 'keyframe' ? 0x17 : 0x27, 1]), Buffer.alloc(sizeBytes - 2)]),
});
const audioFrame: FlvTag = { type: AUDIO_TAG, timestampMs: 0, payload: Buffer.alloc(100) };

interface Sending {
  readonly seconds: number;
  readonly keyframeSeconds?: number;
  /** How late each frame arrives. */
  readonly delayMs?: (timelineMs: number) => number;
  readonly isSent?: (timelineMs: number) => boolean;
}

/** 25 frames of 10,000 bytes a second: 2,000 kbit/s. */
function send(meter: InputMeter, sending: Sending): void {
  const { seconds, keyframeSeconds = 2, delayMs = () => 0, isSent = () => true } = sending;
  for (let timelineMs = 0; timelineMs < seconds * 1000; timelineMs += 40) {
    const tag = frame(timelineMs % (keyframeSeconds * 1000) === 0 ? 'keyframe' : 'inter', 10_000);
    if (isSent(timelineMs)) meter.onFrame({ tag, timelineMs }, START_MS + timelineMs + delayMs(timelineMs));
  }
}

test('without input, nothing is known', () => {
  expect(new InputMeter().measure(START_MS)).toEqual(SILENCE);
});

test('25 frames of 10,000 bytes a second with a keyframe every 2 s', () => {
  const meter = new InputMeter();
  send(meter, { seconds: 60 });
  expect(meter.measure(START_MS + 60_000)).toEqual({
    ...{ isVideoMissing: false, wasVideoMissing: false },
    inputKbps: 2000,
    expectedKbps: 2000,
    frameRate: 25,
    keyframeIntervalSeconds: 2,
    secondsSinceKeyframe: 2,
    droppedFrames: 0,
    delaySeconds: 0,
  });
});

test('audio has no frame rate and no keyframes', () => {
  const meter = new InputMeter();
  for (let timelineMs = 0; timelineMs < 2000; timelineMs += 20) {
    meter.onFrame({ tag: audioFrame, timelineMs }, START_MS + timelineMs);
  }
  expect(meter.measure(START_MS + 2000)).toEqual({ ...SILENCE, inputKbps: 40 });
});

test('rates cover the last 5 s, and everything is forgotten after a minute', () => {
  const meter = new InputMeter();
  send(meter, { seconds: 20 });
  expect(meter.measure(START_MS + 25_001)).toMatchObject({ inputKbps: 0, frameRate: null, expectedKbps: 2000 });
  expect(meter.measure(START_MS + 85_000)).toMatchObject({ inputKbps: 0, expectedKbps: null, droppedFrames: 0 });
});

test.each([
  [1, null, 1],
  [9, 8, 1],
  [16, 8, 8],
])('keyframes every 8 s, after %d s', (seconds, keyframeIntervalSeconds, secondsSinceKeyframe) => {
  const meter = new InputMeter();
  send(meter, { seconds, keyframeSeconds: 8 });
  expect(meter.measure(START_MS + seconds * 1000)).toMatchObject({ keyframeIntervalSeconds, secondsSinceKeyframe });
});

test('without a keyframe, the time counts from the first video frame', () => {
  const meter = new InputMeter();
  send(meter, { seconds: 10, keyframeSeconds: 100, isSent: (timelineMs) => timelineMs > 0 });
  expect(meter.measure(START_MS + 10_000)).toMatchObject({ keyframeIntervalSeconds: null, secondsSinceKeyframe: 9.9 });
});

test.each([
  ['every tenth frame', (timelineMs: number) => timelineMs % 400 !== 360, 74],
  ['one second', (timelineMs: number) => timelineMs < 10_000 || timelineMs >= 11_000, 25],
])('%s is missing', (_name, isSent, droppedFrames) => {
  const meter = new InputMeter();
  send(meter, { seconds: 30, isSent });
  expect(meter.measure(START_MS + 30_000).droppedFrames).toBe(droppedFrames);
});

test('a backlog that arrives in one burst does not raise the rates', () => {
  const meter = new InputMeter();
  send(meter, { seconds: 4, delayMs: (timelineMs) => Math.max(0, 2000 - timelineMs) });
  const { frameRate, inputKbps } = meter.measure(START_MS + 4000);
  expect(frameRate).toBeCloseTo(25, 0);
  expect(inputKbps).toBeLessThan(2050);
});

test('the delay of an upload that is slower than real time grows', () => {
  const meter = new InputMeter();
  const delayMs = (timelineMs: number) => Math.max(0, timelineMs - 10_000) * 0.25;
  send(meter, { seconds: 20, delayMs });
  const { delaySeconds, inputKbps } = meter.measure(START_MS + 22_500);
  expect(delaySeconds).toBeGreaterThan(1.9);
  expect(delaySeconds).toBeLessThan(2.6);
  expect(inputKbps).toBe(1600);
});

test('the delay of an upload that stands still is the time it has stood', () => {
  const meter = new InputMeter();
  send(meter, { seconds: 10 });
  expect(meter.measure(START_MS + 14_000).delaySeconds).toBe(4);
});

test.each([
  [{ videodatarate: 2500, audiodatarate: 160 }, 2660],
  [{ videodatarate: 2500 }, 2500],
  [{ videodatarate: 0, audiodatarate: 0 }, null],
  [{ videodatarate: 'fast' }, null],
  [{}, null],
])('metadata %j declares %p kbit/s', (fields, expectedKbps) => {
  const meter = new InputMeter();
  meter.onScript({ type: SCRIPT_TAG, timestampMs: 0, payload: encodeAmf0('onMetaData', fields) });
  expect(meter.measure(START_MS).expectedKbps).toBe(expectedKbps);
  expect(meter.successor().measure(START_MS).expectedKbps).toBe(expectedKbps);
});

test('a script tag without metadata declares nothing', () => {
  const meter = new InputMeter();
  meter.onScript({ type: SCRIPT_TAG, timestampMs: 0, payload: Buffer.from('nonsense') });
  expect(meter.measure(START_MS)).toEqual(SILENCE);
});

test('only the newest frames of a flood count, even if it arrives in a single moment', () => {
  const meter = new InputMeter();
  for (let count = 0; count < 200_000; count++) {
    meter.onFrame({ tag: frame('inter', 125), timelineMs: 0 }, START_MS);
  }
  expect(meter.measure(START_MS + 500).frameRate).toBeNull();
  const { inputKbps, frameRate } = meter.measure(START_MS + 1000);
  expect(inputKbps).toBe(frameRate);
  expect(frameRate).toBeLessThanOrEqual(16_384);
  expect(frameRate).toBeGreaterThan(14_000);
});

test.each([
  ['no frames', [], 0],
  ['one frame', [0], 0],
  ['a steady rate', [0, 40, 80, 120], 0],
  ['60 frames a second in whole milliseconds', [0, 16, 33, 50, 66, 83, 100], 0],
  ['one missing', [0, 40, 120, 160], 1],
  ['jitter below half a frame', [0, 40, 95, 120, 160], 0],
  ['three missing', [0, 40, 80, 240, 280], 3],
  ['all at the same time', [5, 5, 5], 0],
])('lost frames: %s', (_name, timesMs, lost) => {
  expect(lostFrames(timesMs)).toBe(lost);
});
