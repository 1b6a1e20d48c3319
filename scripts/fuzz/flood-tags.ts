import { AUDIO_TAG, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import type { Random } from '#kit/random.ts';
import { encodeMessages, type Message } from './chunk-stream.ts';

const FLOOD_TAGS = 50_000;
const CHUNK_STREAM_ID = 6;
/** A chunk header without message stream id (RTMP 1.0, 5.3.1.2.2), and an empty one (5.3.1.2.4). */
const FORMAT_1 = 0x40;
const FORMAT_3 = 0xc0;

/**
 * Adds thousands of tags of one or two bytes after the last tag of a session, when the server knows the source. Their
 * timestamps advance, or are all equal so that no limit on time applies.
 */
export function floodTags(messages: readonly Message[], random: Random): Buffer {
  const lastTag = messages.findLastIndex(({ type }) => type === AUDIO_TAG || type === VIDEO_TAG);
  const { messageStreamId = 1, timestampMs = 0 } = messages[lastTag] ?? {};
  const type = random.pick([AUDIO_TAG, VIDEO_TAG, SCRIPT_TAG]);
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
