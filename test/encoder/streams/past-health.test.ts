import { HEALTH_MEASURES } from '#domain/health-report.ts';
import { PastHealth } from '#encoder/streams/past-health.ts';
import { STREAM_HEALTH } from '#kit/stream-record.ts';

const START_MS = Date.parse('2026-01-02T03:00:00.000Z');
const at = (seconds: number): number => START_MS + seconds * 1000;
const reportAt = (past: PastHealth, seconds: number) =>
  past.report({ health: null, liveSinceMs: null, nowMs: at(seconds) });

/** Takes a health each second, as heartbeats do, whose bitrate is the second. */
function add(past: PastHealth, fromSecond: number, toSecond: number): void {
  for (let second = fromSecond; second < toSecond; second++)
    past.add({ ...STREAM_HEALTH, inputKbps: second }, at(second));
}

test('nothing has been yet', () => {
  const report = reportAt(new PastHealth(), 7);
  expect(report).toMatchObject({ now: null, startedAt: null, sampleSeconds: 5, endsAt: '2026-01-02T03:00:05.000Z' });
  expect(report.history).toEqual(Object.fromEntries(HEALTH_MEASURES.map((measure) => [measure, []])));
});

test('what is now and since when it is live is reported with it', () => {
  const past = new PastHealth();
  expect(past.add(STREAM_HEALTH, at(0))).toBe(STREAM_HEALTH);
  const report = past.report({ health: STREAM_HEALTH, liveSinceMs: START_MS, nowMs: at(1) });
  expect(report).toMatchObject({ now: STREAM_HEALTH, startedAt: '2026-01-02T03:00:00.000Z' });
  expect(report.history.audioLevelDb).toEqual([STREAM_HEALTH.audioLevelDb]);
  expect(report.history.keyframeIntervalSeconds).toEqual([STREAM_HEALTH.keyframeIntervalSeconds]);
});

test('a sample is the first health of each five seconds', () => {
  const past = new PastHealth();
  add(past, 2, 18);
  expect(reportAt(past, 18)).toMatchObject({
    endsAt: '2026-01-02T03:00:15.000Z',
    history: { inputKbps: [2, 5, 10, 15] },
  });
  // That of the next five seconds may come a moment later.
  expect(reportAt(past, 20)).toMatchObject({ endsAt: '2026-01-02T03:00:15.000Z' });
});

test('while nobody publishes there is a gap', () => {
  const past = new PastHealth();
  add(past, 0, 6);
  past.add(null, at(10));
  expect(reportAt(past, 21).history.inputKbps).toEqual([0, 5, null, null, null]);
  add(past, 26, 27);
  expect(reportAt(past, 26).history.inputKbps).toEqual([0, 5, null, null, null, 26]);
});

test('ten minutes are kept, also of the time in which nobody publishes', () => {
  const past = new PastHealth();
  add(past, 0, 700);
  const { inputKbps } = reportAt(past, 700).history;
  expect([inputKbps.length, inputKbps[0], inputKbps.at(-1)]).toEqual([120, 100, 695]);
  const later = reportAt(past, 1_000).history.inputKbps;
  expect([later.length, later[0], later.at(-1)]).toEqual([120, 405, null]);
  expect(new Set(reportAt(past, 10_000).history.inputKbps)).toEqual(new Set([null]));
});

test('a clock that is set back begins anew', () => {
  const past = new PastHealth();
  add(past, 1_000, 1_010);
  add(past, 0, 6);
  expect(reportAt(past, 6).history.inputKbps).toEqual([0, 5]);
});
