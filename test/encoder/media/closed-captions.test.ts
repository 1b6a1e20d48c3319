import { captionChannels } from '#encoder/media/closed-captions.ts';
import { type CaptionBytes, captionSei, FIELD_1_TEXT, toSample } from '#test/support/captions.ts';

const SLICE = Buffer.from([0x41, 1, 2, 3]);
const DELIMITER = Buffer.from([0x09, 0xf0]);
/** What x264 writes into its first frame. */
const OTHER_SEI = Buffer.from([0x06, 5, 3, 1, 2, 3, 0x80]);

test.each<[string, readonly CaptionBytes[], readonly string[]]>([
  ['text on field 1', FIELD_1_TEXT, ['CC1']],
  ['text on field 2', [[1, 0xc1, 0x80]], ['CC3']],
  [
    'text on both, and a CEA-708 packet for a service',
    [
      [0, 0xc1, 0xc2],
      [1, 0xc1, 0xc2],
      [3, 0x02, 0x22],
      [2, 0x41, 0x42],
    ],
    ['CC1', 'CC3', 'SERVICE1'],
  ],
  ['a CEA-708 packet without a service', [[3, 0x02, 0x00]], []],
  [
    'padding, with parity and without',
    [
      [0, 0x80, 0x80],
      [1, 0x80, 0x80],
      [2, 0, 0],
      [3, 0, 0],
    ],
    [],
  ],
  ['no constructs', [], []],
])('%s', (_, captions, channels) => {
  expect(captionChannels(toSample(DELIMITER, OTHER_SEI, captionSei(captions), SLICE))).toEqual(channels);
});

test('bytes that are not valid say nothing', () => {
  const sei = captionSei(FIELD_1_TEXT);
  for (const offset of [13, 16]) sei[offset] = (sei[offset] ?? 0) & ~4;
  expect(captionChannels(toSample(sei, SLICE))).toEqual([]);
});

test('registered user data of others, and what follows the first slice, say nothing', () => {
  const other = captionSei(FIELD_1_TEXT);
  other.write('DTG1', 6);
  expect(captionChannels(toSample(other, SLICE))).toEqual([]);
  expect(captionChannels(toSample(SLICE, captionSei(FIELD_1_TEXT)))).toEqual([]);
});

test('frames that are cut short or nonsense throw nothing', () => {
  const sample = toSample(captionSei(FIELD_1_TEXT), SLICE);
  for (let bytes = 0; bytes < sample.length; bytes++)
    expect(() => captionChannels(sample.subarray(0, bytes))).not.toThrow();
  expect(captionChannels(Buffer.alloc(64, 0xff))).toEqual([]);
  expect(captionChannels(Buffer.alloc(64))).toEqual([]);
});
