import { RunClock } from '#encoder/package/run-clock.ts';
import { encodeRun, toMediaRun } from '#test/support/encoded-run.ts';

const BEGINNING = { mediaSeconds: 100, discontinuityNumber: 30, dateTimeMs: null, period: null };
const START_MS = Date.UTC(2026, 0, 1);

/** A run clock whose ingest clock is off by `offMs(segment)`. */
async function clockOf(offMs: (segment: number) => number): Promise<RunClock> {
  const run = toMediaRun(await encodeRun(), 7, {
    wallClockMs: (mediaSeconds) => START_MS + mediaSeconds * 1000 + offMs(mediaSeconds / 2),
  });
  return new RunClock(run, BEGINNING);
}

const dateOf = (clock: RunClock, segment: number, offsetSeconds = 0): number =>
  clock.segmentStart(segment, segment * 2, offsetSeconds).programDateTimeMs;

test('the first leader sets when the run begins', async () => {
  const clock = await clockOf(() => 0);
  expect(clock.startSeconds).toBeNull();
  clock.start(1);
  clock.start(2);
  expect(clock.startSeconds).toBe(1);
});

test('its media goes on where the media of the stream has ended', async () => {
  const clock = await clockOf(() => 0);
  clock.start(1.25);
  expect(clock.shiftSeconds).toBe(98.75);
  expect(clock.endSeconds).toBe(1.25);
  clock.onPublished(2);
  clock.onPublished(1.5);
  expect([clock.publishedSeconds, clock.endSeconds]).toEqual([2, 3.25]);
});

test('all renditions get the same date for a segment even if the ingest clock changes', async () => {
  let reads = 0;
  const clock = await clockOf(() => reads++ * 10);
  const first = dateOf(clock, 0);
  expect(dateOf(clock, 0)).toBe(first);
  expect(dateOf(clock, 0, 0.01)).toBe(first + 10);
});

test.each([100, -100])(
  'follows a jump of the ingest clock by %i ms at half a millisecond per segment',
  async (jumpMs) => {
    const clock = await clockOf((segment) => (segment === 0 ? 0 : jumpMs));
    const dates = Array.from({ length: 400 }, (_, segment) => dateOf(clock, segment));
    const steps = dates.slice(1).map((date, index) => date - (dates[index] ?? 0) - 2000);
    expect(steps.slice(0, 199)).toEqual(steps.slice(0, 199).map(() => Math.sign(jumpMs) * 0.5));
    expect((dates.at(-1) ?? 0) - START_MS - 399 * 2000).toBe(jumpMs);
  },
);

test('follows a publisher whose clock drifts by 0.01 % exactly', async () => {
  const clock = await clockOf((segment) => segment * 0.2);
  for (let segment = 0; segment < 100; segment++) {
    expect(dateOf(clock, segment) - START_MS - segment * 2000).toBeCloseTo(segment * 0.2, 3);
  }
});

test('after the publisher was away, the next segment has a discontinuity and the date of its return', async () => {
  const absencesBy = (mediaSeconds: number): number => (mediaSeconds < 3 ? 4 : mediaSeconds < 9 ? 5 : 7);
  const run = toMediaRun(await encodeRun(), 7, {
    absencesBy,
    wallClockMs: (mediaSeconds) => START_MS + (mediaSeconds + 10 * absencesBy(mediaSeconds)) * 1000,
  });
  const clock = new RunClock(run, BEGINNING);
  expect(clock.discontinuityNumber).toBe(30);
  const segments = Array.from({ length: 6 }, (_, segment) => clock.segmentStart(segment, segment * 2, 0));
  expect(segments.map(({ discontinuityNumber }) => discontinuityNumber)).toEqual([30, 30, 31, 31, 31, 33]);
  const awaySeconds = segments.map(
    ({ programDateTimeMs }, segment) => (programDateTimeMs - START_MS) / 1000 - segment * 2,
  );
  expect(awaySeconds).toEqual([40, 40, 50, 50, 50, 70]);
  expect(clock.discontinuityNumber).toBe(33);
});

describe('a run that is coded as the one before', () => {
  const goingOn = async (readMs: number): Promise<RunClock> => {
    const wallClockMs = (mediaSeconds: number): number => readMs + mediaSeconds * 1000;
    const run = toMediaRun(await encodeRun(), 7, { wallClockMs });
    return new RunClock(run, { ...BEGINNING, dateTimeMs: START_MS });
  };
  const numberOf = (clock: RunClock): number => clock.segmentStart(0, 0, 0).discontinuityNumber;

  test.each([0, 200, -200])('goes on without a discontinuity if its date is off by %i ms', async (offMs) => {
    const clock = await goingOn(START_MS + offMs);
    expect(numberOf(clock)).toBe(29);
    expect(clock.discontinuityNumber).toBe(29);
    const correctionMs = Math.sign(offMs) * 0.5;
    expect(dateOf(clock, 0) - START_MS).toBe(correctionMs);
    expect(dateOf(clock, 1) - START_MS).toBe(2000 + 2 * correctionMs);
    expect(clock.segmentStart(1, 2, 0).discontinuityNumber).toBe(29);
  });

  test.each([201, -201])('has a discontinuity and its own date if that is off by %i ms', async (offMs) => {
    const clock = await goingOn(START_MS + offMs);
    expect(numberOf(clock)).toBe(30);
    expect(dateOf(clock, 0)).toBe(START_MS + offMs);
  });

  test('has a discontinuity if its init section is another one after all', async () => {
    const clock = await goingOn(START_MS);
    clock.onOtherCoding();
    expect(numberOf(clock)).toBe(30);
  });
});
