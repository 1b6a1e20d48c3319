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
