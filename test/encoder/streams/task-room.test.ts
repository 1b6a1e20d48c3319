import { TaskRoom } from '#encoder/streams/task-room.ts';

let nowMs = 0;
const roomOf = (capacityVCpus: number): TaskRoom => new TaskRoom({ capacityVCpus, now: () => nowMs });
beforeEach(() => {
  nowMs = 1_795_000_000_000;
});

test('streams take room until it is used up, to the last thousandth', () => {
  const room = roomOf(0.9);
  expect([room.take('a', 0.3), room.take('b', 0.3), room.take('c', 0.301), room.take('c', 0.3)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(room.snapshot()).toEqual({ capacityVCpus: 0.9, usedVCpus: 0.9, freeVCpus: 0, unmetVCpus: 0, turnedAway: 0 });
});

test('room that is taken and released ten thousand times adds no rounding error', () => {
  const room = roomOf(1);
  for (let index = 0; index < 10_000; index++) {
    room.take('a', 0.1);
    room.take('b', 0.2);
    room.correct('a', 0.7);
    room.release('a');
    room.release('b');
  }
  expect(room.usedVCpus).toBe(0);
  expect(room.freeVCpus).toBe(1);
});

test('a stream that holds room keeps it in a full task, and holds the larger of both costs', () => {
  const room = roomOf(2);
  room.take('a', 1);
  room.take('b', 1);
  expect(room.take('a', 0.5)).toBe(true);
  expect(room.usedVCpus).toBe(2);
  expect(room.take('a', 1.5)).toBe(true);
  expect(room.usedVCpus).toBe(2.5);
});

test('a correction replaces the cost, never refuses, and may exceed the capacity', () => {
  const room = roomOf(2);
  room.take('a', 1);
  room.correct('a', 5);
  expect(room.snapshot()).toMatchObject({ capacityVCpus: 2, usedVCpus: 5, freeVCpus: 0 });
  expect(room.take('b', 0.001)).toBe(false);
  room.correct('a', 0.25);
  expect(room.freeVCpus).toBe(1.75);
});

test('a correction of a stream that has given its room back is ignored', () => {
  const room = roomOf(2);
  room.take('a', 1);
  room.release('a');
  room.correct('a', 1);
  room.release('unknown');
  expect(room.usedVCpus).toBe(0);
});

test('a publish that was turned away counts as demand for three minutes, once for each stream', () => {
  const room = roomOf(1);
  room.take('a', 1);
  room.turnAway('b', 0.4);
  nowMs += 100_000;
  room.turnAway('b', 0.4);
  room.turnAway('c', 0.2);
  expect(room.snapshot()).toMatchObject({ usedVCpus: 1, unmetVCpus: 0.6, turnedAway: 3 });
  nowMs += 179_999;
  expect(room.snapshot().unmetVCpus).toBe(0.6);
  nowMs += 1;
  expect(room.snapshot().unmetVCpus).toBe(0);
});

test('a publish that finds room later is unmet no more', () => {
  const room = roomOf(1);
  room.take('a', 1);
  room.turnAway('b', 1);
  room.release('a');
  expect(room.take('b', 1)).toBe(true);
  expect(room.snapshot()).toMatchObject({ usedVCpus: 1, unmetVCpus: 0, turnedAway: 1 });
});

test('unmet demand is bounded: the oldest is forgotten', () => {
  const room = roomOf(1);
  for (let index = 0; index < 1_000; index++) room.turnAway(`stream-${index}`, index < 900 ? 1 : 0.5);
  expect(room.snapshot().unmetVCpus).toBe(50);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('%d is no amount of room', (vCpus) => {
  const room = roomOf(1);
  room.take('a', 0.5);
  for (const use of [() => room.take('b', vCpus), () => room.correct('a', vCpus), () => room.turnAway('b', vCpus)]) {
    expect(use).toThrow(RangeError);
  }
  expect(room.snapshot()).toMatchObject({ usedVCpus: 0.5, unmetVCpus: 0, turnedAway: 0 });
  expect(() => roomOf(vCpus)).toThrow(RangeError);
});
