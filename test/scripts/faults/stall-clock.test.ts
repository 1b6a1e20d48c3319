import { StallClock } from '#scripts/faults/stall-clock.ts';

/** A clock and a hand to set it. */
function startClock() {
  let nowMs = 0;
  const clock = new StallClock(() => nowMs);
  const at = (seconds: number, position: number): void => {
    nowMs = seconds * 1000;
    clock.read(position);
  };
  return { clock, at };
}

test('the longest time in which a position stood still counts, from its first movement on', () => {
  const { clock, at } = startClock();
  at(0, 7);
  at(9, 7);
  expect([clock.position, clock.longestStallSeconds]).toEqual([null, 0]);
  at(10, 8);
  at(11, 9);
  at(14, 9);
  at(15, 10);
  at(17, 11);
  expect([clock.position, clock.longestStallSeconds]).toEqual([11, 4]);
});

test('a stall that goes on counts, and what comes after the end does not', () => {
  const { clock, at } = startClock();
  at(0, 0);
  at(1, 1);
  at(6, 1);
  expect(clock.longestStallSeconds).toBe(5);
  clock.stop();
  at(60, 1);
  expect(clock.longestStallSeconds).toBe(5);
});
