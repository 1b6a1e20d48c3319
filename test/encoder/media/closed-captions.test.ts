import { ClosedCaptions } from '#encoder/media/closed-captions.ts';
import { type CaptionBytes, captionSei, FIELD_1_TEXT, toSample, withOddParity } from '#test/support/captions.ts';

const SLICE = Buffer.from([0x41, 1, 2, 3]);
const DELIMITER = Buffer.from([0x09, 0xf0]);
/** What x264 writes into its first frame. */
const OTHER_SEI = Buffer.from([0x06, 5, 3, 1, 2, 3, 0x80]);

const captionChannels = (sample: Buffer) => new ClosedCaptions().channelsIn(sample);

/** The channels that are found in frames which have two bytes each, with odd parity. */
function channelsInFrames(field: 0 | 1, ...pairs: readonly (readonly [number, number])[]) {
  const captions = new ClosedCaptions();
  return pairs.map((pair) => {
    const [first, second] = pair.map(withOddParity);
    return captions.channelsIn(toSample(captionSei([[field, first ?? 0, second ?? 0]]), SLICE)).join();
  });
}

/** Control codes of field 1 (CTA-608-E 7.4): roll-up captions of both channels, and text of the first one. */
const ROLL_UP: readonly [number, number] = [0x14, 0x25];
const ROLL_UP_2: readonly [number, number] = [0x1c, 0x25];
const RESUME_TEXT: readonly [number, number] = [0x14, 0x2b];
const LETTERS: readonly [number, number] = [0x41, 0x42];

test.each<[string, 0 | 1, readonly (readonly [number, number])[], readonly string[]]>([
  [
    'letters of the channel that the last control code is for',
    0,
    [ROLL_UP_2, LETTERS, ROLL_UP, LETTERS],
    ['', 'CC2', '', 'CC1'],
  ],
  ['those of field 2', 1, [ROLL_UP_2, LETTERS, [0x15, 0x25], LETTERS], ['', 'CC4', '', 'CC3']],
  [
    'text that is no caption',
    0,
    [RESUME_TEXT, LETTERS, [0x14, 0x2d], LETTERS, ROLL_UP, LETTERS],
    ['', '', '', '', '', 'CC1'],
  ],
  ['letters that begin before anybody looks', 0, [LETTERS], ['CC1']],
  // The name of a programme.
  ['XDS', 1, [[0x01, 0x03], LETTERS, LETTERS, [0x0f, 0x1d], LETTERS], ['', '', '', '', '']],
  ['XDS that is continued', 1, [LETTERS, [0x02, 0x03], LETTERS], ['', '', '']],
  ['XDS between captions', 1, [[0x15, 0x25], [0x01, 0x03], LETTERS, [0x0f, 0x1d], LETTERS], ['', '', '', '', 'CC3']],
  ['XDS that captions interrupt', 1, [[0x01, 0x03], LETTERS, [0x15, 0x25], LETTERS], ['', '', '', 'CC3']],
])('CEA-608 over several frames: %s', (_, field, pairs, channels) => {
  expect(channelsInFrames(field, ...pairs)).toEqual(channels);
});

test.each<[string, readonly CaptionBytes[], readonly string[]]>([
  ['text on field 1', FIELD_1_TEXT, ['CC1']],
  [
    'captions on both, and a CEA-708 packet for a service',
    [
      [0, 0xc1, 0xc2],
      [1, 0x15, 0x25],
      [1, 0xc1, 0xc2],
      [3, 0x02, 0x22],
      [2, 0x41, 0x42],
    ],
    ['CC1', 'CC3', 'SERVICE1'],
  ],
  [
    'control codes alone',
    [
      [0, 0x94, 0x2c],
      [1, 0x15, 0x2c],
    ],
    [],
  ],
  [
    'a CEA-708 packet for two services, the first of which says nothing',
    [
      [3, 0x04, 0x20],
      [2, 0x42, 0x22],
      [2, 0x41, 0x00],
      [2, 0x22, 0x22],
    ],
    ['SERVICE2'],
  ],
  [
    'a CEA-708 packet for an extended service and for another one, and a block that does not fit',
    [
      [3, 0x04, 0xe2],
      [2, 0x09, 0x22],
      [2, 0x22, 0x61],
      [2, 0x41, 0x22],
    ],
    ['SERVICE3'],
  ],
  ['more of a CEA-708 packet that nobody knows', [[2, 0x22, 0x22]], []],
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
