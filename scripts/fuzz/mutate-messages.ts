import { RTMP_APPLICATION } from '#domain/ports.ts';
import { type AmfValue, decodeAmf0, encodeAmf0 } from '#kit/amf0.ts';
import type { Random } from '#kit/random.ts';
import { COMMAND } from '#kit/rtmp-client.ts';
import type { Message } from './chunk-stream.ts';
import { mutateBytes } from './mutate-bytes.ts';

type MessageMutation = (messages: readonly Message[], random: Random) => readonly Message[];

/** Known and unknown RTMP message types (RTMP 1.0, sections 5.4 and 7.1). */
const TYPES = [0, 1, 2, 3, 4, 5, 6, 8, 9, 15, 16, 17, 18, 19, 20, 22, 255];
const CHUNK_STREAM_IDS = [2, 3, 4, 5, 6, 8, 63, 64, 319, 320, 65_599];
const UINT24_EDGES = [0, 1, 127, 128, 129, 0xffff, 0xfffffe, 0xffffff];
const UINT32_EDGES = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const HOSTILE_VALUES: readonly AmfValue[] = [
  ...[0, -1, 1e308, Number.NaN, Number.POSITIVE_INFINITY, true, null, undefined, ''],
  ...['constructor', '__proto__', 'no url', '/'.repeat(300), '\0\r\n', 'ä€😀'],
  ...[{}, { app: RTMP_APPLICATION }, { constructor: 'x', toString: null }],
];
const COMMANDS: readonly (readonly AmfValue[])[] = [
  ['connect', 1, { app: RTMP_APPLICATION, tcUrl: 'no url' }],
  ['createStream', 2, null],
  ['publish', 3, null],
  ['publish', 3, null, 'allowed-second', 'live'],
  ['play', 3, null, 'allowed-000000'],
  ['deleteStream', 4, null, 1],
  ['closeStream', 0, null],
  ['FCUnpublish', 5, null, 'allowed-000000'],
];

const at = (messages: readonly Message[], index: number): readonly Message[] => messages.slice(index, index + 1);

/** Changes one random message, if there is any. */
function changeOne(
  messages: readonly Message[],
  random: Random,
  change: (message: Message) => Message,
): readonly Message[] {
  const index = random.below(messages.length);
  return messages.map((message, position) => (position === index ? change(message) : message));
}

function insertAt(messages: readonly Message[], index: number, inserted: readonly Message[]): readonly Message[] {
  return [...messages.slice(0, index), ...inserted, ...messages.slice(index)];
}

const MUTATIONS: readonly MessageMutation[] = [
  function drop(messages, random) {
    const index = random.below(messages.length);
    return messages.filter((_, position) => position !== index);
  },
  function repeat(messages, random) {
    const index = random.below(messages.length);
    const copies = Array.from({ length: random.pick([1, 2, 50]) }, () => at(messages, index)).flat();
    return insertAt(messages, index, copies);
  },
  function reorder(messages, random) {
    const [from, to] = [random.below(messages.length), random.below(messages.length)];
    const rest = messages.filter((_, position) => position !== from);
    return insertAt(rest, to, at(messages, from));
  },
  function changeType(messages, random) {
    return changeOne(messages, random, (message) => ({ ...message, type: random.pick(TYPES) }));
  },
  function changeLength(messages, random) {
    return changeOne(messages, random, (message) => {
      const near = Math.max(0, message.payload.length + random.below(9) - 4);
      return { ...message, declaredBytes: random.chance(0.5) ? near : random.pick(UINT24_EDGES) };
    });
  },
  function changeTimestamp(messages, random) {
    return changeOne(messages, random, (message) => ({ ...message, timestampMs: random.pick(UINT32_EDGES) }));
  },
  function changeChunkStream(messages, random) {
    return changeOne(messages, random, (message) => ({ ...message, chunkStreamId: random.pick(CHUNK_STREAM_IDS) }));
  },
  function changeMessageStream(messages, random) {
    return changeOne(messages, random, (message) => ({ ...message, messageStreamId: random.pick(UINT32_EDGES) }));
  },
  function changePayload(messages, random) {
    return changeOne(messages, random, (message) => {
      if (message.payload.length === 0) return { ...message, payload: random.bytes(random.below(32)) };
      return { ...message, payload: mutateBytes(message.payload, random, message.payload) };
    });
  },
  function changeValue(messages, random) {
    const commands = messages.filter(({ type }) => type === COMMAND);
    if (commands.length === 0) return messages;
    const chosen = random.pick(commands);
    return messages.map((message) => (message === chosen ? withHostileValue(message, random) : message));
  },
  function insertCommand(messages, random) {
    const payload = encodeAmf0(...random.pick(COMMANDS));
    const command = { type: COMMAND, messageStreamId: random.below(3), chunkStreamId: 3, timestampMs: 0, payload };
    return insertAt(messages, random.below(messages.length + 1), [command]);
  },
  function insertControl(messages, random) {
    const payload = Buffer.alloc(random.pick([0, 3, 4, 5]));
    if (payload.length >= 4) payload.writeUInt32BE(random.pick([...UINT32_EDGES, 128, 4096]));
    const type = random.pick([1, 2, 3, 4, 5, 6]);
    const control = { type, messageStreamId: 0, chunkStreamId: 2, timestampMs: 0, payload };
    return insertAt(messages, random.below(messages.length + 1), [control]);
  },
];

function withHostileValue(message: Message, random: Random): Message {
  try {
    const values = decodeAmf0(message.payload);
    values[random.below(values.length)] = random.pick(HOSTILE_VALUES);
    return { ...message, payload: encodeAmf0(...values) };
  } catch {
    // An earlier mutation has damaged the AMF0, so it cannot be changed value by value.
    return { ...message, payload: mutateBytes(message.payload, random, Buffer.alloc(64)) };
  }
}

/** Changes the messages of a session in one random way. */
export function mutateMessages(messages: readonly Message[], random: Random): readonly Message[] {
  return random.pick(MUTATIONS)(messages, random);
}
