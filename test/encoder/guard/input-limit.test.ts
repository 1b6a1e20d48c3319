import { LADDER_NAMES, type LadderName, maxInputKbps } from '#domain/ladders.ts';
import { type InputExcess, InputLimit } from '#encoder/guard/input-limit.ts';
import { DEFAULT_RTMP_LIMITS } from '#encoder/guard/rtmp-limits.ts';

const STEP_MS = 100;

/** A publisher's limit, with a clock that it can be told. */
class Sender {
  nowMs = 1_000_000;
  timestampMs = 0;
  readonly limit: InputLimit;

  constructor(ladder: LadderName = '720p') {
    this.limit = new InputLimit(maxInputKbps(ladder), DEFAULT_RTMP_LIMITS, () => this.nowMs);
    this.limit.countTag(9, 0);
  }

  /** Sends media of that many milliseconds at once. Returns what was too much. */
  send(mediaMs: number, kbps: number): InputExcess | null {
    for (const untilMs = this.timestampMs + mediaMs; this.timestampMs < untilMs; ) {
      this.timestampMs += STEP_MS;
      const excess = this.limit.countTag(9, this.timestampMs) ?? this.limit.countBytes((kbps * STEP_MS) / 8);
      if (excess !== null) return excess;
    }
    return null;
  }
}

/** Sends at a constant bitrate. Returns the seconds until the limit was exceeded, or null if it never was. */
function secondsUntilExceeded(ladder: LadderName, kbps: number, seconds: number): number | null {
  const sender = new Sender(ladder);
  for (let ms = 0; ms < seconds * 1000; ms += STEP_MS, sender.nowMs += STEP_MS) {
    if (sender.send(STEP_MS, kbps) !== null) return ms / 1000;
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

test('media that the network held back may come at once, again and again, at any bitrate that is allowed', () => {
  const sender = new Sender();
  for (let stall = 0; stall < 100; stall++) {
    expect(sender.send(15_000, 12_000)).toBeNull();
    sender.nowMs += 15_000;
    expect(sender.limit.waitMs).toBe(0);
  }
});

test('what comes faster than it may be read has to wait, and is no excess', () => {
  const sender = new Sender();
  expect(sender.send(31_000, 12_000)).toBeNull();
  expect(sender.limit.waitMs).toBe(1000);
  sender.nowMs += 999;
  expect(sender.limit.waitMs).toBe(1);
  sender.nowMs += 1;
  expect(sender.limit.waitMs).toBe(0);
});

test.each([
  ['stand still', () => 0],
  ['go to and fro', (index: number) => (index % 2) * 900],
  ['jump', (index: number) => index * 3001],
  ['go back', (index: number) => -index * 2000],
])('timestamps that %s are no time, so there is one burst and no more', (_name, timestampMs) => {
  const { limit } = new Sender();
  let sent = 0;
  const excessOf = (index: number) => limit.countTag(9, timestampMs(index) | 0) ?? limit.countBytes(100_000);
  for (; excessOf(sent) === null && sent < 1000; sent++);
  expect([75, 76]).toContain(sent);
});

test('each track is compared with itself, wherever its timestamps begin', () => {
  const { limit } = new Sender();
  for (let ms = 0; ms < 60_000; ms += STEP_MS) {
    expect(limit.countTag(9, (2 ** 32 - 30_000 + ms) | 0)).toBeNull();
    expect(limit.countTag(8, ms)).toBeNull();
    expect(limit.countBytes((12_000 * STEP_MS) / 8)).toBeNull();
  }
});

test('timestamps that run ahead of real time have to wait for it, and so much that it is no backlog is an excess', () => {
  const sender = new Sender();
  expect(sender.send(60_000, 1)).toBeNull();
  expect(sender.limit.waitMs).toBe(0);
  expect(sender.send(11_000, 1)).toBeNull();
  expect(sender.limit.waitMs).toBe(10_000);
  expect(sender.send(60_000, 1)).toBe('media time');
});

test('an hour of silence allows one burst and no more, and a clock that is set back changes nothing', () => {
  const sender = new Sender();
  sender.nowMs += 3_600_000;
  expect(sender.limit.countBytes(7_500_000)).toBeNull();
  sender.nowMs -= 7_200_000;
  expect(sender.limit.countBytes(1)).toBe('bytes');
});

test('2,000 messages a second may arrive for a minute, and then the messages of five seconds at once', () => {
  const sender = new Sender();
  const take = (count: number) =>
    Array.from({ length: count }, () => sender.limit.countMessage()).every((excess) => excess === null);
  for (let second = 0; second < 60; second++, sender.nowMs += 1_000) expect(take(2_000)).toBe(true);
  sender.nowMs += 4_000;
  expect(take(10_000)).toBe(true);
  expect(take(1)).toBe(false);
});

test('60 pictures a second with sound, held back for 30 seconds, stay below the message limit', () => {
  const { limit } = new Sender();
  expect(new Set(Array.from({ length: 30 * 110 }, () => limit.countMessage()))).toEqual(new Set([null]));
});
