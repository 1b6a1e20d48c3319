import { randomBytes } from 'node:crypto';
import { parseScriptMetadata } from '#encoder/media/script-metadata.ts';
import { encodeAmf0 } from '#kit/amf0.ts';

const ECMA_ARRAY = 8;
const NAME = encodeAmf0('onMetaData');
const END = Buffer.from([0, 0, 9]);
const field = (name: string, value: Buffer) => Buffer.concat([encodeAmf0(name).subarray(1), value]);
const ecmaArray = (count: number, ...fields: readonly Buffer[]) =>
  Buffer.concat([Buffer.from([ECMA_ARRAY, 0, 0, 0, count]), ...fields, END]);
const parseFields = (payload: Buffer) => Object.fromEntries(parseScriptMetadata(payload) ?? []);

test.each([
  ['an object', encodeAmf0('onMetaData', { width: 640, stereo: true, encoder: 'obs' })],
  [
    'an array with a wrong count',
    Buffer.concat([
      NAME,
      ecmaArray(
        9,
        field('width', encodeAmf0(640)),
        field('stereo', encodeAmf0(true)),
        field('encoder', encodeAmf0('obs')),
      ),
    ]),
  ],
])('reads the fields of %s', (_, payload) => {
  expect(parseFields(payload)).toEqual({ width: 640, stereo: true, encoder: 'obs' });
});

test.each([
  ['an object', encodeAmf0({ codec: { id: 1 } })],
  ['an array of names', ecmaArray(1, field('inner', ecmaArray(0)))],
  ['a strict array', Buffer.concat([Buffer.from([10, 0, 0, 0, 2]), encodeAmf0(1, 'x')])],
  ['a date', Buffer.alloc(11, 11)],
  ['a long string, which is kept', Buffer.from([12, 0, 0, 0, 1, 65])],
  ['a reference', Buffer.from([7, 0, 1])],
  ['null', encodeAmf0(null)],
  ['undefined', encodeAmf0(undefined)],
])('continues after %s', (_, value) => {
  const payload = Buffer.concat([NAME, ecmaArray(2, field('odd', value), field('width', encodeAmf0(640)))]);
  expect(parseFields(payload)).toMatchObject({ width: 640 });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['another script message', encodeAmf0('onCuePoint', { width: 640 })],
  ['a name alone', NAME],
  ['a number instead of fields', encodeAmf0('onMetaData', 5)],
  ['an unknown type', Buffer.concat([NAME, Buffer.from([0x11, 1, 2])])],
  ['a string longer than the message', Buffer.concat([NAME, Buffer.from([3, 0xff, 0xff, 65])])],
  ['2^32 elements in few bytes', Buffer.concat([NAME, Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 5, 5, 5])])],
  ['arrays nested a thousand deep', Buffer.concat([NAME, Buffer.alloc(5_000, Buffer.from([10, 0, 0, 0, 1]))])],
])('returns null for %s', (_, payload) => {
  expect(parseScriptMetadata(payload)).toBeNull();
});

test('returns null for every truncated message', () => {
  const whole = encodeAmf0('onMetaData', { width: 640, inner: { a: 'b' }, stereo: false });
  expect(parseFields(whole)).toEqual({ width: 640, stereo: false });
  for (let length = 0; length < whole.length; length++)
    expect(parseScriptMetadata(whole.subarray(0, length))).toBeNull();
});

test('never throws on random bytes', () => {
  for (let round = 0; round < 2_000; round++) {
    expect(() => parseScriptMetadata(Buffer.concat([NAME, Buffer.from([3]), randomBytes(60)]))).not.toThrow();
  }
});
