import { TranscodeSpeed } from '#encoder/transcode/transcode-speed.ts';

/** The speed of an FFmpeg that is fed in real time and puts out `speed` seconds per second. */
function measure(speed: (second: number) => number, seconds: number): TranscodeSpeed {
  const transcodeSpeed = new TranscodeSpeed();
  let deliveredMs = 0;
  for (let second = 0; second <= seconds; second += 0.5) {
    transcodeSpeed.add({ nowMs: second * 1000, fedMs: second * 1000, deliveredMs });
    deliveredMs += speed(second) * 500;
  }
  return transcodeSpeed;
}

test.each([
  ['nothing fed', () => 0, 0, null],
  ['too little to tell', () => 1, 4, null],
  ['real time', () => 1, 20, 1],
  ['half of it', () => 0.5, 20, 0.5],
  ['stuck', () => 0, 20, 0],
  ['catching up', () => 1.5, 20, 1.5],
  ['slow for the last 5 of 10 s', (second: number) => (second < 15 ? 1 : 0.8), 20, 0.9],
])('%s', (_name, speed, seconds, expected) => {
  expect(measure(speed, seconds).value).toBe(expected);
});

test('a pause of the publisher gives no speed', () => {
  const transcodeSpeed = new TranscodeSpeed();
  for (let nowMs = 0; nowMs <= 20_000; nowMs += 500) transcodeSpeed.add({ nowMs, fedMs: 100, deliveredMs: 100 });
  expect(transcodeSpeed.value).toBeNull();
});

describe('the time in which FFmpeg falls further behind', () => {
  const declineAfter = (speed: (second: number) => number, seconds: number) => {
    const { decline } = measure(speed, seconds);
    return decline === null ? null : { second: decline.sinceMs / 1000, speed: decline.speed };
  };

  test.each([
    ['none while it keeps up', () => 1, 20, null],
    ['none while it catches up', () => 1.2, 20, null],
    ['since it became slow', (second: number) => (second < 15 ? 1 : 0.6), 20, { second: 15, speed: 0.6 }],
    ['since nothing came out', (second: number) => (second < 18 ? 1 : 0), 20, { second: 18, speed: 0 }],
    ['at most the last 10 s', () => 0.5, 20, { second: 10, speed: 0.5 }],
    ['over with the first output that catches up', (second: number) => (second < 18 ? 0 : 1.1), 18.5, null],
  ])('%s', (_name, speed, seconds, expected) => {
    expect(declineAfter(speed, seconds)).toEqual(expected);
  });

  test('output that comes irregularly does not hide it, and seems to be one for a moment only', () => {
    const uneven = (mean: number) => (second: number) => mean + (second % 1 === 0 ? 0.2 : -0.2);
    expect(declineAfter(uneven(0.6), 10)).toEqual({ second: 0, speed: expect.closeTo(0.6) });
    expect(declineAfter(uneven(1), 9.5)).toBeNull();
    expect(declineAfter(uneven(1), 10)?.second).toBe(9.5);
  });

  test('a pause of the publisher is none, even if the media of that time comes all at once', () => {
    const transcodeSpeed = new TranscodeSpeed();
    transcodeSpeed.add({ nowMs: 0, fedMs: 0, deliveredMs: 0 });
    transcodeSpeed.resume(3000);
    transcodeSpeed.add({ nowMs: 3100, fedMs: 3100, deliveredMs: 500 });
    expect(transcodeSpeed.decline).toBeNull();
  });
});
