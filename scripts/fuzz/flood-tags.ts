import type { Random } from '#kit/random.ts';
import { encodeMessages, type Message } from './chunk-stream.ts';

const FLOOD_TAGS = 50_000;
const CHUNK_STREAM_ID = 6;
const AUDIO = 8;
const VIDEO = 9;
const SCRIPT = 18;
/** Chunk header without a message stream (RTMP 1.0, 5.3.1.2.2), and none at all. */
const FORMAT_1 = 0x40;
const FORMAT_3 = 0xc0;

/**
 * A session with thousands of tags of a byte or two behind its last tag, when its source is known: at one timestamp, which no
 * limit on time would ever see, or with time that passes.
 */
export function floodTags(messages: readonly Message[], random: Random): Buffer {
  const lastTag = messages.findLastIndex(({ type }) => type === AUDIO || type === VIDEO);
  const { messageStreamId = 1, timestampMs = 0 } = messages[lastTag] ?? {};
  const type = random.pick([AUDIO, VIDEO, SCRIPT]);
  const payload = Buffer.from(random.pick([[0x27], [0x27, 1], [0x17, 1], [0xaf, 1], [0xaf]]));
  const stepMs = random.pick([0, 0, 1]);
  const first = { type, messageStreamId, chunkStreamId: CHUNK_STREAM_ID, timestampMs, payload };
  const second = [FORMAT_1 | CHUNK_STREAM_ID, 0, 0, stepMs, 0, 0, payload.length, type, ...payload];
  const further = Buffer.from([FORMAT_3 | CHUNK_STREAM_ID, ...payload]);
  return Buffer.concat([
    encodeMessages([...messages.slice(0, lastTag + 1), first]),
    Buffer.from(second),
    Buffer.alloc(FLOOD_TAGS * further.length, further),
    encodeMessages(messages.slice(lastTag + 1)),
  ]);
}
