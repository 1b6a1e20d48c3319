import type { FragBufferedData } from 'hls.js';
import { BackBuffer } from '#site/watch/back-buffer.ts';

type Buffered = Pick<FragBufferedData, 'frag' | 'part'>;

const track = (type: string, streams: object, part: object | null = null): Buffered => {
  const elementaryStreams = { video: null, audio: null, ...streams };
  return {
    frag: { type, elementaryStreams: part === null ? elementaryStreams : {} },
    part: part === null ? null : { ...part, elementaryStreams },
  } as unknown as Buffered;
};
const VIDEO = track('main', { video: {} });
const AUDIO = track('audio', { audio: {} });

/** What is removed when media is appended at these positions of playback. The playlist ends at 1000 s. */
function removals(positions: readonly number[], appended: readonly Buffered[]): unknown[][] {
  const removed: unknown[][] = [];
  const video = { currentTime: 0 };
  const hls = {
    latestLevelDetails: { edge: 1_000, partTarget: 0.2 },
    trigger: (_event: string, data: { type: string; startOffset: number; endOffset: number }) =>
      removed.push([data.type, data.startOffset, data.endOffset]),
  };
  const backBuffer = new BackBuffer(hls as unknown as ConstructorParameters<typeof BackBuffer>[0], video);
  for (const position of positions) {
    video.currentTime = position;
    for (const each of appended) backBuffer.onBuffered(each);
  }
  return removed;
}

const upTo = (seconds: number): number[] => Array.from({ length: seconds * 5 }, (_, index) => index / 5);

test('what was played longer than 30 s ago is removed from each track, 30 s of it at a time', () => {
  expect(removals(upTo(130), [VIDEO, AUDIO])).toEqual(
    [30, 60, 90].flatMap((seconds) => [
      ['video', 0, seconds],
      ['audio', 0, seconds],
    ]),
  );
});

test('sound without a picture is removed, too', () => {
  expect(removals(upTo(61), [track('main', { audio: {} })])).toEqual([['audio', 0, 30]]);
});

test('a viewer who goes far back and plays on has old media removed again', () => {
  expect(removals([70, 35, 66], [VIDEO])).toEqual([
    ['video', 0, 40],
    ['video', 0, 36],
  ]);
});

test('nothing is removed while the next part is there to load, until there is much', () => {
  const newest = track('main', { video: {} }, { start: 999.8, duration: 0.2 });
  const former = track('main', { video: {} }, { start: 999.4, duration: 0.2 });
  expect(removals(upTo(61), [newest])).toEqual([['video', 0, 30]]);
  expect(removals(upTo(121), [former])).toEqual([['video', 0, 90]]);
});

test('a fragment of which nothing is known says nothing of its track', () => {
  expect(removals(upTo(100), [track('main', {})])).toEqual([]);
});
