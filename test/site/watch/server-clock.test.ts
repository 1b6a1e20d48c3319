import { ServerClock } from '#site/watch/server-clock.ts';

const SERVER_MS = Date.parse('2026-03-01T18:00:00Z');

/** Asks a server whose clock is `aheadMs` ahead of the local one, at different moments of its second. */
function clockAfter(aheadMs: number, { ageSeconds = 0, answers = 10 } = {}): { clock: ServerClock; localMs: number } {
  const clock = new ServerClock();
  let localMs = SERVER_MS - aheadMs;
  for (let answer = 0; answer < answers; answer += 1) {
    localMs += 730;
    const made = localMs + 20 + aheadMs - ageSeconds * 1000;
    clock.observe({
      askedAtMs: localMs,
      answeredAtMs: localMs + 40,
      date: new Date(made).toUTCString(),
      age: ageSeconds === 0 ? null : `${ageSeconds}`,
    });
  }
  return { clock, localMs };
}

test('a clock that agrees with the server is right', () => {
  const { clock, localMs } = clockAfter(0);
  expect(clock.at(localMs)).toBe(localMs);
});

test.each([-86_400_000, -2500, 2500, 86_400_000])('a clock that is off by %d ms is corrected', (aheadMs) => {
  const { clock, localMs } = clockAfter(aheadMs);
  expect(Math.abs(clock.at(localMs) - (localMs + aheadMs))).toBeLessThan(200);
});

test('cached answers count from when they were made', () => {
  const { clock, localMs } = clockAfter(-60_000, { ageSeconds: 9 });
  expect(Math.abs(clock.at(localMs) - (localMs - 60_000))).toBeLessThan(1500);
});

test('a clock that is set meanwhile is measured anew', () => {
  const { clock, localMs } = clockAfter(0);
  const setMs = localMs + 3_600_000;
  clock.observe({ askedAtMs: setMs, answeredAtMs: setMs + 40, date: new Date(localMs).toUTCString(), age: null });
  expect(Math.abs(clock.at(setMs) - localMs)).toBeLessThan(1100);
});

test.each([null, '', 'yesterday'])('without a date (%j), the local clock counts', (date) => {
  const clock = new ServerClock();
  clock.observe({ askedAtMs: 0, answeredAtMs: 10, date, age: null });
  expect(clock.at(5)).toBe(5);
});
