import { audioKbps, DEFAULT_LADDER, ladderRungs } from '#domain/ladders.ts';
import { LATENCY_NAMES, LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { Part, SegmentStart } from '#encoder/package/segment.ts';

const INIT = Buffer.from('init');
const NEVER = new AbortController().signal;

function timelineOf({ windowSeconds = 40, targetDurationSeconds = 2 } = {}): RenditionTimeline {
  return new RenditionTimeline({ windowSeconds, targetDurationSeconds, onChange: () => {} });
}

function start(msn: number, epoch = 7): SegmentStart {
  return { msn, epoch, discontinuityNumber: epoch, programDateTimeMs: msn * 2000, mediaSeconds: msn * 2 };
}

function part(durationSeconds: number, bytes = 1): Part {
  return { durationSeconds, isIndependent: true, data: Buffer.alloc(bytes) };
}

/** Adds complete segments of one part each. */
function addSegments(timeline: RenditionTimeline, first: number, last: number, seconds = 2, bytes = 1): void {
  for (let msn = first; msn <= last; msn++) timeline.addPart(start(msn), part(seconds, bytes), true);
}

describe('the window', () => {
  test('lists the newest segments up to its length, and the same amount stays in memory', () => {
    const timeline = timelineOf({ windowSeconds: 12 });
    addSegments(timeline, 0, 99);
    expect(timeline.listed().map(({ msn }) => msn)).toEqual([94, 95, 96, 97, 98, 99]);
    expect(timeline.held()[0]?.msn).toBe(88);
    expect(timeline.segment(7, 88)).toBeDefined();
    expect(timeline.segment(7, 87)).toBeUndefined();
  });

  test('includes the open segment and is never empty', () => {
    const timeline = timelineOf({ windowSeconds: 1 });
    addSegments(timeline, 0, 3);
    timeline.addPart(start(4), part(0.5), false);
    expect(timeline.listed().map(({ msn }) => msn)).toEqual([3, 4]);
  });

  // Video and audio at the configured bitrates. The parts' overhead is below 2 %, rate control's deviation below 1 %.
  test.each(LATENCY_NAMES)('%s: the 720p ladder stays below 60 MB', (latency) => {
    const { segmentSeconds, windowSeconds } = LATENCY_PROFILES[latency];
    const ladderKbps = ladderRungs(DEFAULT_LADDER).reduce(
      (kbps, rung) => kbps + rung.videoKbps,
      audioKbps(DEFAULT_LADDER),
    );
    const segmentBytes = (ladderKbps * 1000 * segmentSeconds * 1.03) / 8;
    const timeline = timelineOf({ windowSeconds, targetDurationSeconds: segmentSeconds });
    addSegments(timeline, 0, 150, segmentSeconds, 1);
    timeline.addPart(start(151), part(segmentSeconds - 0.1), false);
    expect(timeline.held()[0]?.msn).toBeGreaterThan(0);
    const heldSegments = timeline.held().length;
    expect(heldSegments).toBe((2 * windowSeconds) / segmentSeconds + 1);
    expect((heldSegments * segmentBytes) / 1e6).toBeLessThanOrEqual(60);
  });

  test('drops an init section with the last segment of its epoch', () => {
    const timeline = timelineOf({ windowSeconds: 4 });
    timeline.beginRun({ epoch: 7, firstMsn: 0 }, INIT);
    addSegments(timeline, 0, 0);
    timeline.beginRun({ epoch: 8, firstMsn: 1 }, Buffer.from(INIT));
    for (let msn = 1; msn <= 3; msn++) timeline.addPart(start(msn, 8), part(2), true);
    expect(timeline.initSection(7)).toBe(INIT);
    timeline.addPart(start(4, 8), part(2), true);
    expect(timeline.initSection(7)).toBeUndefined();
    expect(timeline.initSection(8)).toEqual(INIT);
  });
});

describe('a position', () => {
  test('is reached by its part and not before', () => {
    const timeline = timelineOf();
    expect(timeline.contains({ msn: 0, part: null })).toBe(false);
    addSegments(timeline, 5, 5);
    timeline.addPart(start(6), part(0.5), false);
    expect(timeline.contains({ msn: 4, part: 99 })).toBe(true);
    expect(timeline.contains({ msn: 5, part: null })).toBe(true);
    expect(timeline.contains({ msn: 6, part: 0 })).toBe(true);
    expect(timeline.contains({ msn: 6, part: 1 })).toBe(false);
    expect(timeline.contains({ msn: 6, part: null })).toBe(false);
    expect(timeline.contains({ msn: 7, part: 0 })).toBe(false);
  });

  test('past the end of a segment means the first part of the next', () => {
    const timeline = timelineOf();
    addSegments(timeline, 5, 5);
    expect(timeline.contains({ msn: 5, part: 9 })).toBe(false);
    timeline.addPart(start(6), part(0.5), false);
    expect(timeline.contains({ msn: 5, part: 9 })).toBe(true);
  });

  test('cannot be used twice', () => {
    const timeline = timelineOf();
    addSegments(timeline, 5, 5);
    expect(() => timeline.addPart(start(5), part(1), false)).toThrow('segment 5 follows 5');
  });
});

test('bitrates cover complete segments; gaps do not count, and segments around a gap are not contiguous', () => {
  const timeline = timelineOf();
  timeline.addPart(start(0), part(0.9, 10_000), true);
  timeline.addPart(start(3), part(1, 500), false);
  expect(timeline.bitrates.measuredSeconds).toBe(0.9);
  timeline.addPart(start(3), part(1, 500), true);
  expect(timeline.held().map(({ isGap }) => isGap)).toEqual([false, true, true, false]);
  expect(timeline.bitrates.measuredSeconds).toBe(2.9);
  expect(timeline.bitrates.peakBitsPerSecond).toBe(4000);
});

test('gaps continue the run before them', () => {
  const timeline = timelineOf();
  timeline.addPart(start(0), part(0.5), true);
  timeline.addPart(start(3, 8), part(2), true);
  const [, first, second] = timeline.held();
  expect(first).toMatchObject({ msn: 1, epoch: 7, discontinuityNumber: 7, programDateTimeMs: 500, durationSeconds: 2 });
  expect(second).toMatchObject({ msn: 2, programDateTimeMs: 2500 });
});

describe('waiting', () => {
  test('ends with the change that meets the condition', async () => {
    const timeline = timelineOf();
    const waiting = timeline.waitUntil(() => timeline.contains({ msn: 1, part: 0 }), 10_000, NEVER);
    addSegments(timeline, 0, 0);
    expect(timeline.waiting).toBe(1);
    addSegments(timeline, 1, 1);
    expect(timeline.waiting).toBe(0);
    expect(await waiting).toBe(true);
  });

  test('ends at once if the condition is met already', async () => {
    expect(await timelineOf().waitUntil(() => true, 10_000, NEVER)).toBe(true);
  });

  test('ends with false after its time limit or when it is aborted', async () => {
    const timeline = timelineOf();
    expect(await timeline.waitUntil(() => false, 1, NEVER)).toBe(false);
    const abort = new AbortController();
    const waiting = timeline.waitUntil(() => false, 10_000, abort.signal);
    abort.abort();
    expect(await waiting).toBe(false);
    expect(await timeline.waitUntil(() => false, 10_000, abort.signal)).toBe(false);
    expect(timeline.waiting).toBe(0);
  });
});
