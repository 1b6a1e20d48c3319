import { LiveEdge } from '#site/watch/live-edge.ts';

const PART_SECONDS = 0.5;

/** Reads a stream every 0.2 s, whose parts appear `lateSeconds(part)` after their end. */
function follow(lateSeconds: (part: number) => number, untilSeconds: number) {
  const edge = new LiveEdge();
  let published = 0;
  let publishedAtSeconds = 0;
  for (let now = 0; now <= untilSeconds; now += 0.2) {
    for (; (published + 1) * PART_SECONDS + lateSeconds(published + 1) <= now; published += 1) {
      publishedAtSeconds = (published + 1) * PART_SECONDS + lateSeconds(published + 1);
    }
    edge.read({
      nowMs: now * 1000,
      edgeSeconds: published * PART_SECONDS,
      ageSeconds: now - publishedAtSeconds,
      updateSeconds: PART_SECONDS,
    });
  }
  return edge;
}

test('is unknown before the first reading', () => {
  const edge = new LiveEdge();
  expect(edge.secondsAt(1000)).toBeNull();
  expect(edge.isGrowing).toBe(false);
});

test('advances with the clock between updates', () => {
  const edge = follow(() => 0, 10);
  expect(edge.secondsAt(10_000)).toBeCloseTo(10);
  expect(edge.secondsAt(10_300)).toBeCloseTo(10.3);
  expect(edge.isGrowing).toBe(true);
});

test('single late parts do not move it back', () => {
  const edge = follow((part) => (part % 3 === 0 ? 0.4 : 0), 10);
  expect(edge.secondsAt(10_000)).toBeCloseTo(10);
});

test('parts that are always late move it back', () => {
  const edge = follow((part) => (part > 10 ? 0.4 : 0), 20);
  expect(edge.secondsAt(20_000)).toBeCloseTo(19.6);
});

test('is measured anew after a standstill', () => {
  const stoodSeconds = 4;
  const edge = follow((part) => (part > 20 ? stoodSeconds : 0), 16);
  expect(edge.isGrowing).toBe(true);
  expect(edge.secondsAt(16_000)).toBeCloseTo(16 - stoodSeconds);
});

test('reports that a stream has stopped growing', () => {
  const edge = follow((part) => (part > 10 ? Number.POSITIVE_INFINITY : 0), 8);
  expect(edge.isGrowing).toBe(false);
  expect(edge.secondsAt(8000)).toBeLessThanOrEqual(6);
});
