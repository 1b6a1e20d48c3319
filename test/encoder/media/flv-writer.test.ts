import { type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { flvHeader, flvTag } from '#encoder/media/flv-writer.ts';
import { parseFlvFile } from '#kit/flv-file.ts';

const tagOf = (sizeBytes: number): FlvTag => ({
  type: VIDEO_TAG,
  timestampMs: 77,
  payload: Buffer.alloc(sizeBytes, 1),
});

test.each([0, 1000, 2 ** 24 - 1, 2 ** 24, 2 ** 31, 2 ** 32 - 1])(
  'a reader gets the same tag back at %d ms',
  (timestampMs) => {
    const file = Buffer.concat([flvHeader({ hasVideo: true, hasAudio: false }), flvTag(tagOf(70_000), timestampMs)]);
    expect(parseFlvFile(file).video).toEqual([{ ...tagOf(70_000), timestampMs }]);
  },
);

test('writes a tag with an empty body', () => {
  expect(flvTag(tagOf(0), 5)).toEqual(Buffer.from([9, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 11]));
});

test.each([
  [true, true, 5],
  [true, false, 1],
  [false, true, 4],
])('the header names the tracks: video %p, audio %p', (hasVideo, hasAudio, flags) => {
  expect(flvHeader({ hasVideo, hasAudio })).toEqual(Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]));
});
