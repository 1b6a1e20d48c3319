import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { TagTimeline } from '#encoder/transcode/tag-timeline.ts';

interface Step {
  readonly timelineMs: number;
  readonly hasJumped: boolean;
}

/** The timeline's steps for the timestamps of one track. */
function timelineOf(timestampsMs: readonly number[]): Step[] {
  return stepsOf(timestampsMs.map((timestampMs) => ({ type: VIDEO_TAG, timestampMs })));
}

function stepsOf(tags: readonly Pick<FlvTag, 'type' | 'timestampMs'>[]): Step[] {
  const timeline = new TagTimeline();
  return tags.map((tag) => timeline.advance(tag));
}

interface Tag extends Pick<FlvTag, 'type' | 'timestampMs'> {
  readonly dueMs: number;
}

/** Ten seconds of video every 40 ms and audio every 20 ms from `startMs` on, in the order of arrival. */
function interleaved(startMs: number, audioLateMs: number, firstDueMs = 0): Tag[] {
  const tags = Array.from({ length: 500 }, (_, index): Tag[] => {
    const tag = { timestampMs: startMs + index * 20, dueMs: firstDueMs + index * 20 };
    const audio = { ...tag, type: AUDIO_TAG, dueMs: tag.dueMs + audioLateMs } as const;
    return index % 2 === 0 ? [{ ...tag, type: VIDEO_TAG }, audio] : [audio];
  });
  return inOrder(tags.flat());
}

const inOrder = (tags: readonly Tag[]): Tag[] => tags.toSorted((a, b) => a.dueMs - b.dueMs);
const jumps = (steps: readonly Step[]): number => steps.filter(({ hasJumped }) => hasJumped).length;

test('continues across the 32-bit wrap', () => {
  const steps = timelineOf([2 ** 32 - 40, 2 ** 32 - 7, 26, 59]);
  expect(steps.map(({ timelineMs }) => timelineMs)).toEqual([0, 33, 66, 99]);
  expect(jumps(steps)).toBe(0);
});

test.each([
  ['up to 3 s forward is a gap', [5000, 8000], false, 3000],
  ['more than 3 s forward is a jump', [5000, 8001], true, 0],
  ['up to 1 s back is disorder', [5000, 4000], false, -1000],
  ['more than 1 s back is a jump', [5000, 3999], true, 0],
  ['back to zero is a jump', [3_600_000, 0], true, 0],
  ['half the range away is a jump', [0, 2 ** 31], true, 0],
])('%s', (_name, timestampsMs, hasJumped, timelineMs) => {
  expect(timelineOf(timestampsMs)[1]).toEqual({ timelineMs, hasJumped });
});

test('continues at the same pace after a jump', () => {
  expect(timelineOf([100, 140, 90_000, 90_040]).map(({ timelineMs }) => timelineMs)).toEqual([0, 40, 40, 80]);
});

describe.each([0, 900, 1500, 2900, -1500])('audio that arrives %d ms later than its video', (audioLateMs) => {
  test('is not a jump, and its position follows its timestamps', () => {
    const tags = interleaved(10_000, audioLateMs);
    const steps = stepsOf(tags);
    expect(jumps(steps)).toBe(0);
    const offsets = steps.map(({ timelineMs }, index) => timelineMs - (tags[index]?.timestampMs ?? 0));
    expect(new Set(offsets).size).toBe(1);
  });

  test.each([3_600_000, 2 ** 32 - 2000, 0])('jumps together with it to %d, once, and stays in sync', (startMs) => {
    const tags = inOrder([...interleaved(10_000, audioLateMs), ...interleaved(startMs, audioLateMs, 10_000)]);
    const steps = stepsOf(tags);
    expect(jumps(steps)).toBe(1);
    const after = steps.slice(-100).map(({ timelineMs }, index) => {
      const timestampMs = tags.at(index - 100)?.timestampMs ?? 0;
      return ((timelineMs - timestampMs) % 2 ** 32) | 0;
    });
    expect(new Set(after).size).toBe(1);
    const endMs = Math.max(...steps.map(({ timelineMs }) => timelineMs));
    expect(Math.abs(endMs - 20_000)).toBeLessThanOrEqual(Math.abs(audioLateMs) + 100);
  });
});

test('audio that pauses while video goes on returns to its position', () => {
  const tags = [...interleaved(0, 0), ...interleaved(10_000, 0)].filter(
    ({ type, timestampMs }) => type === VIDEO_TAG || timestampMs < 5000 || timestampMs > 12_000,
  );
  const steps = stepsOf(tags);
  expect(steps.map(({ timelineMs }) => timelineMs)).toEqual(tags.map(({ timestampMs }) => timestampMs));
  expect(jumps(steps)).toBe(0);
});

test('a track with its own clock starts at the position of the other one', () => {
  const tags = interleaved(0, 0).map((tag) =>
    tag.type === AUDIO_TAG ? { ...tag, timestampMs: tag.timestampMs + 3_600_000 } : tag,
  );
  const steps = stepsOf(tags);
  expect(jumps(steps)).toBe(0);
  expect(Math.max(...steps.map(({ timelineMs }) => timelineMs))).toBeLessThan(10_000);
});

test('a track that jumps alone causes one jump', () => {
  const tags = interleaved(0, 0).map((tag) =>
    tag.type === VIDEO_TAG && tag.timestampMs > 5000 ? { ...tag, timestampMs: tag.timestampMs + 3_600_000 } : tag,
  );
  expect(jumps(stepsOf(tags))).toBe(1);
});

test('after a return, both tracks go on behind the end of both, whatever their timestamps are now', () => {
  const timeline = new TagTimeline();
  const advance = (type: FlvTag['type'], timestampMs: number): Step => timeline.advance({ type, timestampMs });
  for (const timestampMs of [500, 540, 580]) advance(VIDEO_TAG, timestampMs);
  advance(AUDIO_TAG, 600);
  timeline.onReturn();
  const steps = [advance(AUDIO_TAG, 7000), advance(VIDEO_TAG, 7010), advance(VIDEO_TAG, 7050)];
  expect(steps.map(({ timelineMs }) => timelineMs)).toEqual([140, 150, 190]);
  expect(jumps(steps)).toBe(0);
});

test('a return before the first frame changes nothing', () => {
  const timeline = new TagTimeline();
  timeline.onReturn();
  expect(timeline.advance({ type: VIDEO_TAG, timestampMs: 7000 })).toEqual({ timelineMs: 0, hasJumped: false });
});

test('a track that rejoins is where the other one is, and goes on from there', () => {
  const timeline = new TagTimeline();
  const advance = (type: FlvTag['type'], timestampMs: number): Step => timeline.advance({ type, timestampMs });
  advance(VIDEO_TAG, 0);
  advance(AUDIO_TAG, 0);
  advance(VIDEO_TAG, 3000);
  advance(VIDEO_TAG, 5000);
  expect(advance(AUDIO_TAG, 20).timelineMs).toBe(20);
  timeline.rejoin(AUDIO_TAG);
  const steps = [advance(VIDEO_TAG, 5040), advance(AUDIO_TAG, 40), advance(AUDIO_TAG, 60), advance(VIDEO_TAG, 5080)];
  expect(steps.map(({ timelineMs }) => timelineMs)).toEqual([5040, 5040, 5060, 5080]);
  expect(jumps(steps)).toBe(0);
});

describe('the position of something that is no frame', () => {
  function timelineAt(startMs: number): TagTimeline {
    const timeline = new TagTimeline();
    timeline.advance({ type: VIDEO_TAG, timestampMs: startMs });
    timeline.advance({ type: VIDEO_TAG, timestampMs: startMs + 40 });
    timeline.advance({ type: AUDIO_TAG, timestampMs: startMs + 20 });
    return timeline;
  }

  test.each([
    ['is beside the picture', 5_000, 5_040, 40],
    ['may be a little later', 5_000, 5_500, 500],
    ['is right across the wrap of the timestamps', 2 ** 32 - 50, 30, 80],
  ])('%s', (_, startMs, timestampMs, expectedMs) => {
    expect(timelineAt(startMs).positionOf(timestampMs)).toBe(expectedMs);
  });

  test.each([0, 1_000_000])('is the newest frame if its timestamp is on no clock of theirs (%d)', (timestampMs) => {
    expect(timelineAt(50_000).positionOf(timestampMs)).toBe(40);
  });

  test('goes on after the publisher was away', () => {
    const timeline = timelineAt(5_000);
    timeline.onReturn();
    expect(timeline.hasFrames).toBe(false);
    expect(timeline.positionOf(0)).toBe(80);
  });
});
