import { Random } from '#kit/random.ts';
import { encodeMessages, type Message, parseMessages } from '#scripts/fuzz/chunk-stream.ts';

const message = (changes: Partial<Message>): Message => ({
  type: 9,
  messageStreamId: 1,
  chunkStreamId: 6,
  timestampMs: 0,
  payload: Buffer.alloc(0),
  ...changes,
});

const chunkSize = (bytes: number): Message => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return message({ type: 1, chunkStreamId: 2, messageStreamId: 0, payload });
};

test('messages are the same after encoding and parsing, whatever the chunk size', () => {
  const random = new Random(1);
  const media = [0, 1, 127, 128, 129, 256, 5_000].map((length, index) =>
    message({ payload: random.bytes(length), timestampMs: index * 40, chunkStreamId: 4 + (index % 2) }),
  );
  const late = message({ payload: random.bytes(300), timestampMs: 0xffffff });
  const messages = [...media, chunkSize(4096), ...media, late, chunkSize(1), ...media, late];
  expect(parseMessages(encodeMessages(messages))).toEqual(messages);
});

test('short headers are understood (formats 1, 2 and 3)', () => {
  const full = [6, 0, 0, 10, 0, 0, 1, 9, 1, 0, 0, 0, 0xaa];
  const otherLength = [0x46, 0, 0, 20, 0, 0, 2, 8, 0xbb, 0xcc];
  const otherTime = [0x86, 0, 0, 30, 0xdd, 0xee];
  const same = [0xc6, 0xff, 0x11];
  const parsed = parseMessages(Buffer.from([...full, ...otherLength, ...otherTime, ...same]));
  expect(parsed.map(({ type, timestampMs, payload }) => [type, timestampMs, payload.toString('hex')])).toEqual([
    [9, 10, 'aa'],
    [8, 30, 'bbcc'],
    [8, 60, 'ddee'],
    [8, 90, 'ff11'],
  ]);
});

test('a truncated session lacks its last message, or is an error', () => {
  const bytes = encodeMessages([message({ payload: Buffer.alloc(100) })]);
  expect(parseMessages(bytes.subarray(0, 50))).toEqual([]);
  expect(() => parseMessages(bytes.subarray(0, 8))).toThrow('out of range');
});
