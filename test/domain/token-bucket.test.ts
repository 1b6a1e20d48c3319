import { TokenBucket } from '#domain/token-bucket.ts';

let nowMs = 1_700_000_000_000;
const now = () => nowMs;

test('a full bucket may be emptied at once, and then only the tokens that have come back may be taken', () => {
  const bucket = new TokenBucket({ perSecond: 10, capacity: 20, now });
  expect(bucket.take(20)).toBe(true);
  expect(bucket.take(1)).toBe(false);
  nowMs += 100;
  expect([bucket.take(1), bucket.take(1)]).toEqual([true, false]);
  nowMs += 60_000;
  expect([bucket.take(20), bucket.take(1)]).toEqual([true, false]);
});

test('turns come one after another, and no turn waits longer than the maximum', () => {
  const bucket = new TokenBucket({ perSecond: 25, capacity: 1, now });
  expect(Array.from({ length: 5 }, () => bucket.takeTurn(100))).toEqual([0, 40, 80, 100, 100]);
  nowMs += 200;
  expect(bucket.takeTurn(100)).toBe(0);
});

test('a clock that is set back takes no tokens away', () => {
  const bucket = new TokenBucket({ perSecond: 1, capacity: 2, now });
  bucket.take(1);
  nowMs -= 3_600_000;
  expect([bucket.take(1), bucket.take(1)]).toEqual([true, false]);
  nowMs += 1_000;
  expect(bucket.take(1)).toBe(true);
});

test('says how long it takes until tokens are there', () => {
  const bucket = new TokenBucket({ perSecond: 10, capacity: 2, now });
  expect(bucket.waitMs(2)).toBe(0);
  bucket.take(2);
  expect(bucket.waitMs(1)).toBe(100);
  nowMs += 60;
  expect(bucket.waitMs(1)).toBeCloseTo(40);
});
