import { LADDER_NAMES, type LadderName, maxInputKbps } from '#domain/ladders.ts';
import { InputLimit } from '#encoder/guard/input-limit.ts';
import { DEFAULT_RTMP_LIMITS } from '#encoder/guard/rtmp-limits.ts';

const STEP_MS = 100;

/** Sends at a constant bitrate. Returns the seconds until the limit was exceeded, or null if it never was. */
function secondsUntilExceeded(ladder: LadderName, kbps: number, seconds: number): number | null {
  let nowMs = 0;
  const limit = new InputLimit(maxInputKbps(ladder), DEFAULT_RTMP_LIMITS, () => nowMs);
  for (; nowMs < seconds * 1000; nowMs += STEP_MS) {
    if (!limit.takeBytes((kbps * STEP_MS) / 8)) return nowMs / 1000;
  }
  return null;
}

test.each([
  ['360p', 12_000],
  ['720p', 12_000],
  ['1080p', 12_000],
  ['1440p', 12_384],
  ['2160p', 24_384],
] as const)('the input limit of the %s ladder is %i kbit/s', (ladder, kbps) => {
  expect(new InputLimit(maxInputKbps(ladder), DEFAULT_RTMP_LIMITS, () => 0).kbps).toBe(kbps);
});

test.each(LADDER_NAMES)('the %s ladder allows its input limit for an hour, but not ten per cent more', (ladder) => {
  const { kbps } = new InputLimit(maxInputKbps(ladder), DEFAULT_RTMP_LIMITS, () => 0);
  expect(secondsUntilExceeded(ladder, kbps, 3600)).toBeNull();
  expect(secondsUntilExceeded(ladder, kbps * 1.1, 3600)).not.toBeNull();
});

test('the 720p ladder allows 6 Mbit/s for an hour, and 30 Mbit/s for a few seconds', () => {
  expect(secondsUntilExceeded('720p', 6_000, 3600)).toBeNull();
  const seconds = secondsUntilExceeded('720p', 30_000, 60);
  expect(seconds).toBeGreaterThan(2);
  expect(seconds).toBeLessThan(5);
});

test('media that the network held back for five seconds may arrive at once, again and again', () => {
  let nowMs = 0;
  const limit = new InputLimit(maxInputKbps('720p'), DEFAULT_RTMP_LIMITS, () => nowMs);
  for (let stall = 0; stall < 100; stall++) {
    expect(limit.takeBytes((12_000 * 5_000) / 8)).toBe(true);
    nowMs += 5_000;
  }
});

test('an hour of silence allows one burst and no more, and a clock that is set back changes nothing', () => {
  let nowMs = 1_000_000;
  const limit = new InputLimit(maxInputKbps('720p'), DEFAULT_RTMP_LIMITS, () => nowMs);
  nowMs += 3_600_000;
  expect(limit.takeBytes(7_500_000)).toBe(true);
  nowMs -= 7_200_000;
  expect(limit.takeBytes(0)).toBe(true);
  expect(limit.takeBytes(1)).toBe(false);
});

test('2,000 messages a second may arrive for a minute, and then the messages of five seconds at once', () => {
  let nowMs = 0;
  const limit = new InputLimit(maxInputKbps('720p'), DEFAULT_RTMP_LIMITS, () => nowMs);
  const take = (count: number) => Array.from({ length: count }, () => limit.takeMessage()).every(Boolean);
  for (; nowMs < 60_000; nowMs += 1_000) expect(take(2_000)).toBe(true);
  nowMs += 4_000;
  expect(take(10_000)).toBe(true);
  expect(take(1)).toBe(false);
});

test('60 pictures a second with sound, held back for five seconds, stay below the message limit', () => {
  const limit = new InputLimit(maxInputKbps('720p'), DEFAULT_RTMP_LIMITS, () => 0);
  expect(Array.from({ length: 5 * 110 }, () => limit.takeMessage())).not.toContain(false);
});
