import {
  BEAT_FRAME,
  encodeContested,
  encodeRelayHead,
  encodeTagHeader,
  RelayFrameReader,
} from '#encoder/cluster/relay/relay-frames.ts';
import { type RelayHead, RelayViolation } from '#encoder/cluster/relay/relay-messages.ts';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { Random } from '#kit/random.ts';
import { streamOf } from '../../rtmp/recording-server.ts';

const HEAD: RelayHead = {
  ...{ toTaskId: 'task', publisherId: 'a', remoteAddress: '2001:db8::1', software: null, stream: streamOf('key') },
  takeovers: [{ publisherId: 'b', ageMs: 9_000 }],
};
const UINT32_MAX = 2 ** 32 - 1;

interface ArrivedTag extends FlvTag {
  readonly receivedAtMs: number;
}

function reading() {
  const heads: RelayHead[] = [];
  const tags: ArrivedTag[] = [];
  const refused: string[] = [];
  const reader = new RelayFrameReader({
    onHead: (head) => heads.push(head),
    onTag: (tag, receivedAtMs) => tags.push({ ...tag, receivedAtMs }),
    onContested: (refusedAddress) => refused.push(refusedAddress),
    onStopped: () => undefined,
  });
  return { heads, tags, refused, reader };
}

/** Comparing buffers byte by byte takes Jest seconds. */
const toText = ({ payload, ...rest }: ArrivedTag) => ({ ...rest, payload: payload.toString('base64') });

const encode = (tag: ArrivedTag) => Buffer.concat([encodeTagHeader(tag, tag.receivedAtMs), tag.payload]);

function randomTags(random: Random): ArrivedTag[] {
  return Array.from({ length: random.below(20) }, () => ({
    type: random.pick([AUDIO_TAG, VIDEO_TAG, SCRIPT_TAG] as const),
    timestampMs: random.pick([0, UINT32_MAX, random.below(UINT32_MAX)]),
    payload: random.bytes(random.pick([0, 1, random.below(400)])),
    receivedAtMs: 1_700_000_000_000 + random.below(1_000_000) / 4,
  }));
}

/** Hands bytes over in pieces of any size. */
function feed(reader: RelayFrameReader, bytes: Buffer, random: Random): void {
  for (let offset = 0; offset < bytes.length; ) {
    const end = offset + random.pick([1, random.integer(1, 40), random.integer(1, 4_000)]);
    reader.read(bytes.subarray(offset, end));
    offset = end;
  }
}

test('a body that is cut anywhere gives its head once, and equal tags in order', () => {
  for (let iteration = 0; iteration < 100; iteration++) {
    const random = Random.forIteration(1, iteration);
    const { heads, tags, reader } = reading();
    const sent = randomTags(random);
    const frames = sent.flatMap((tag) => (random.chance(0.2) ? [BEAT_FRAME, encode(tag)] : [encode(tag)]));
    feed(reader, Buffer.concat([encodeRelayHead(HEAD), ...frames]), random);
    expect(heads).toEqual([HEAD]);
    expect(tags.map(toText)).toEqual(sent.map(toText));
  }
});

test('the longest message that RTMP can carry arrives', () => {
  const { tags, reader } = reading();
  const longest = { type: VIDEO_TAG, timestampMs: 0, payload: Buffer.alloc(2 ** 24 - 1, 7), receivedAtMs: 0 } as const;
  reader.read(encodeRelayHead(HEAD));
  reader.read(encode(longest));
  expect(tags[0]?.payload.equals(longest.payload)).toBe(true);
});

test('a tag does not share memory with the bytes that it came in', () => {
  const { tags, reader } = reading();
  const bytes = encode({ type: AUDIO_TAG, timestampMs: 0, payload: Buffer.from('sound'), receivedAtMs: 0 });
  reader.read(encodeRelayHead(HEAD));
  reader.read(bytes);
  bytes.fill(0);
  expect(tags[0]?.payload.toString()).toBe('sound');
});

test('altered bytes are read or are a violation, and cause no other error', () => {
  let violations = 0;
  for (let iteration = 0; iteration < 500; iteration++) {
    const random = Random.forIteration(2, iteration);
    const { reader } = reading();
    const body = Buffer.concat([encodeRelayHead(HEAD), ...randomTags(random).map(encode)]);
    for (let count = random.integer(1, 4); count > 0; count--) body[random.below(body.length)] = random.below(256);
    try {
      feed(reader, body, random);
    } catch (error) {
      expect(error).toBeInstanceOf(RelayViolation);
      violations++;
    }
  }
  expect(violations).toBeGreaterThan(50);
  expect(violations).toBeLessThan(500);
});

const json = (value: unknown) => {
  const text = Buffer.from(JSON.stringify(value));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
};

test.each<[string, Buffer]>([
  ['a head of no bytes', Buffer.alloc(4)],
  ['a head of more than 16 KiB', Buffer.from([0, 0, 0x40, 1])],
  ['a head of 4 GiB', Buffer.alloc(4, 0xff)],
  ['a head that is no JSON', Buffer.from([0, 0, 0, 1, 0x7b])],
  ['a head that is no object', json('head')],
  ['a head without a stream', json({ ...HEAD, stream: undefined })],
  ['a head with an unknown ladder', json({ ...HEAD, stream: { ...HEAD.stream, ladder: '8k' } })],
  ['a head for nobody', json({ ...HEAD, toTaskId: undefined })],
  ['a head with an empty id', json({ ...HEAD, publisherId: '' })],
  ['a head with a long address', json({ ...HEAD, remoteAddress: 'x'.repeat(65) })],
  ['an unknown type', Buffer.concat([encodeRelayHead(HEAD), Buffer.from([7]), Buffer.alloc(15)])],
  ['a beat with a payload', Buffer.concat([encodeRelayHead(HEAD), Buffer.from([0, 0, 0, 1]), Buffer.alloc(12)])],
  ['a time that is no number', Buffer.concat([encodeRelayHead(HEAD), Buffer.from([8]), Buffer.alloc(15, 0xff)])],
])('%s is a violation', (_, bytes) => {
  const { reader, heads, tags } = reading();
  expect(() => reader.read(bytes)).toThrow(RelayViolation);
  expect(heads.length + tags.length).toBeLessThanOrEqual(1);
});

test('an encoder that was refused is named between two tags, and by nothing but an address', () => {
  const { tags, refused, reader } = reading();
  const tag: ArrivedTag = { type: AUDIO_TAG, timestampMs: 1, payload: Buffer.from('a'), receivedAtMs: 2 };
  reader.read(Buffer.concat([encodeRelayHead(HEAD), encode(tag), encodeContested('2001:db8::2'), encode(tag)]));
  expect([tags.length, refused]).toEqual([2, ['2001:db8::2']]);
  const tooLong = Buffer.concat([encodeContested('x'.repeat(64)), Buffer.from('y')]);
  tooLong.writeUIntBE(65, 1, 3);
  expect(() => reader.read(tooLong)).toThrow(RelayViolation);
});
