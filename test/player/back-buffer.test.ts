import type { FragBufferedData } from 'hls.js';
import { BackBuffer } from '#player/back-buffer.ts';

type Buffered = Pick<FragBufferedData, 'frag' | 'part'>;

const track = (type: string, video: object | null): Buffered =>
  ({ frag: { type, elementaryStreams: { video } }, part: null }) as unknown as Buffered;
const VIDEO = track('main', {});
const AUDIO = track('audio', null);

/** What is removed when media is appended at these positions of playback. */
function removals(positions: readonly number[], appended: readonly Buffered[]): unknown[][] {
  const removed: unknown[][] = [];
  const video = { currentTime: 0 };
  const hls = {
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
  expect(removals(upTo(61), [track('main', null)])).toEqual([['audio', 0, 30]]);
});

test('a viewer who goes far back and plays on has old media removed again', () => {
  expect(removals([70, 35, 66], [VIDEO])).toEqual([
    ['video', 0, 40],
    ['video', 0, 36],
  ]);
});
