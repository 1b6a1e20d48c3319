import { MAX_ID3_BYTES, toTimedMessage } from '#encoder/media/timed-message.ts';
import { type AmfValue, encodeAmf0 } from '#kit/amf0.ts';
import { Random } from '#kit/random.ts';
import { spliceInsert } from '#test/support/splice-sections.ts';

/** The name and the values that players get. Fails unless the tag is one TXXX frame with the sizes that it says. */
function read(payload: Buffer): { name: string; value: unknown } | string {
  const message = toTimedMessage(payload);
  if (typeof message === 'string') return message;
  const { id3 } = message;
  const sizeAt = (offset: number) =>
    [0, 1, 2, 3].reduce((size, index) => size * 128 + id3.readUInt8(offset + index), 0);
  expect(id3.toString('latin1', 0, 5)).toBe('ID3\x04\0');
  expect(sizeAt(6)).toBe(id3.length - 10);
  expect(id3.toString('latin1', 10, 14)).toBe('TXXX');
  expect(sizeAt(14)).toBe(id3.length - 20);
  expect(id3.readUInt8(20)).toBe(3);
  const [name = '', value = ''] = id3.toString('utf8', 21).split('\0');
  return { name, value: JSON.parse(value) };
}

const nested = (depth: number): AmfValue => (depth === 0 ? 'deep' : { inner: nested(depth - 1) });

test.each<[string, Buffer, unknown]>([
  ['a text', encodeAmf0('onTextData', { text: 'Grüße' }), { name: 'onTextData', value: { text: 'Grüße' } }],
  [
    'a cue point',
    encodeAmf0('onCuePoint', { name: 'a', time: 4 }),
    { name: 'onCuePoint', value: { name: 'a', time: 4 } },
  ],
  ['several values', encodeAmf0('onPoll', 1, true, null), { name: 'onPoll', value: [1, true, null] }],
  ['a name alone', encodeAmf0('onPoll'), { name: 'onPoll', value: [] }],
  [
    'control characters',
    encodeAmf0('onTextData', { 'a\nb': 'c\0\u009b\x7fd' }),
    { name: 'onTextData', value: { 'a b': 'c   d' } },
  ],
  [
    'a name that is dangerous in JavaScript',
    encodeAmf0('onTextData', { ['__proto__']: 'x' }),
    { name: 'onTextData', value: JSON.parse('{"__proto__": "x"}') },
  ],
  [
    'metadata that is not technical',
    encodeAmf0('onMetaData', { title: 'Song', width: 640, videocodecid: 7, encoder: 'obs' }),
    { name: 'onMetaData', value: { title: 'Song' } },
  ],
])('%s reaches players', (_, payload, expected) => {
  expect(read(payload)).toEqual(expected);
});

test.each<[string, Buffer]>([
  ['technical metadata', encodeAmf0('onMetaData', { width: 640, '2.1': false, audiosamplerate: 48_000 })],
  ['access rights', encodeAmf0('|RtmpSampleAccess', true, true)],
  ['status', encodeAmf0('onStatus', { code: 'NetStream.Data.Start' })],
  ['no AMF0', Buffer.from('onTextData')],
  ['nothing', Buffer.alloc(0)],
])('%s is no message for viewers', (_, payload) => {
  expect(read(payload)).toBe('ignored');
});

test('values that are nested too deep become null', () => {
  expect(read(encodeAmf0('onTextData', nested(6)))).toEqual({
    name: 'onTextData',
    value: { inner: { inner: { inner: { inner: null } } } },
  });
});

test('what is too long is refused', () => {
  expect(read(encodeAmf0('onTextData', { text: 'x'.repeat(MAX_ID3_BYTES) }))).toBe('refused');
  expect(read(encodeAmf0('onTextData', { text: 'x'.repeat(20_000) }))).toBe('refused');
});

test.each<[string, AmfValue]>([
  ['base64 in a cue', { type: 'scte35', cue: spliceInsert(7, true, 30).toString('base64') }],
  ['hexadecimal without a prefix', { cue: spliceInsert(7, true, 30).toString('hex').toUpperCase() }],
  [
    'hexadecimal in a parameter',
    { name: 'scte35', parameters: { id: '7', data: `0x${spliceInsert(7, true, 30).toString('hex')}` } },
  ],
])('finds an SCTE-35 section as %s', (_, value) => {
  expect(toTimedMessage(encodeAmf0('onCuePoint', value))).toMatchObject({
    splices: [{ kind: 'out', eventId: 7, plannedSeconds: 30 }],
  });
});

test('random messages neither throw nor make a tag above the limit', () => {
  for (let seed = 0; seed < 1000; seed++) {
    const random = new Random(seed);
    const payload = Buffer.concat([encodeAmf0('onTextData'), random.bytes(random.below(200))]);
    const message = toTimedMessage(payload);
    if (typeof message !== 'string') {
      expect(message.id3.length).toBeLessThanOrEqual(MAX_ID3_BYTES);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(message.id3.toString('utf8', 21).split('\0')[1]).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
    }
  }
});
