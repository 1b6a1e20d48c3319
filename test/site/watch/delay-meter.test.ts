import { DelayMeter } from '#site/watch/delay-meter.ts';

test('a picture is as far behind as it is older than the one of a live viewer', () => {
  const meter = new DelayMeter();
  expect(meter.behindSeconds(5)).toBeNull();
  // 0.4 s pass until a part is published, and playback is at its target.
  meter.calibrate({ delaySeconds: 1.9, latencySeconds: 1.5, targetLatencySeconds: 1.5 });
  expect(meter.behindSeconds(1.9)).toBeCloseTo(0);
  // The stream stands still: the picture grows older, and the end of the playlist says nothing.
  expect(meter.behindSeconds(64.9)).toBeCloseTo(63);
  expect(meter.behindSeconds(1)).toBe(0);
});

test('playback that is behind from the beginning is behind', () => {
  const meter = new DelayMeter();
  meter.calibrate({ delaySeconds: 11.9, latencySeconds: 11.5, targetLatencySeconds: 1.5 });
  expect(meter.behindSeconds(11.9)).toBeCloseTo(10);
});
