import { DEFAULT_CHUNK_BYTES, HANDSHAKE_BYTES, SET_CHUNK_SIZE } from '#kit/rtmp-client.ts';

/** Everything that a client sends before its first message: C0, C1 and C2 (RTMP 1.0, 5.2). */
export const CLIENT_HANDSHAKE_BYTES = 1 + 2 * HANDSHAKE_BYTES;

/** An RTMP message that a client sends. A mutated one may have a wrong length in its header. */
export interface Message {
  readonly type: number;
  readonly messageStreamId: number;
  readonly chunkStreamId: number;
  readonly timestampMs: number;
  readonly payload: Buffer;
  /** Length in the header, if it is not the payload's. */
  readonly declaredBytes?: number;
}

const EXTENDED_TIMESTAMP = 0xffffff;
const HEADER_BYTES_BY_FORMAT = [11, 7, 3, 0] as const;

interface ChunkStream {
  timestampMs: number;
  /** The field of the header: a timestamp in format 0, a difference otherwise. */
  timestampField: number;
  length: number;
  type: number;
  messageStreamId: number;
  received: Buffer[];
}

/**
 * Parses what a proper client sent after its handshake (RTMP 1.0, 5.3). Leaves out an unfinished message. Throws if a
 * header is cut off.
 */
export function parseMessages(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  const streams = new Map<number, ChunkStream>();
  let chunkBytes = DEFAULT_CHUNK_BYTES;
  let offset = 0;
  while (offset < bytes.length) {
    const format = (bytes.readUInt8(offset) >> 6) as 0 | 1 | 2 | 3;
    const chunkStreamId = bytes.readUInt8(offset) & 0x3f;
    if (chunkStreamId < 2) throw new RangeError('long chunk stream ids are not what clients use');
    const stream = streams.get(chunkStreamId) ?? emptyStream();
    streams.set(chunkStreamId, stream);
    offset = readHeader(bytes, offset + 1, format, stream);
    const missing = stream.length - stream.received.reduce((sum, part) => sum + part.length, 0);
    const part = bytes.subarray(offset, offset + Math.min(chunkBytes, missing));
    stream.received.push(part);
    offset += part.length;
    if (part.length < missing) continue;
    const payload = Buffer.concat(stream.received.splice(0));
    if (stream.type === SET_CHUNK_SIZE) chunkBytes = payload.readUInt32BE();
    const { type, messageStreamId, timestampMs } = stream;
    messages.push({ type, messageStreamId, chunkStreamId, timestampMs, payload });
  }
  return messages;
}

function emptyStream(): ChunkStream {
  return { timestampMs: 0, timestampField: 0, length: 0, type: 0, messageStreamId: 0, received: [] };
}

/** Returns the offset of the chunk's data. */
function readHeader(bytes: Buffer, start: number, format: 0 | 1 | 2 | 3, stream: ChunkStream): number {
  let end = start + HEADER_BYTES_BY_FORMAT[format];
  if (format <= 2) stream.timestampField = bytes.readUIntBE(start, 3);
  if (format <= 1) {
    stream.length = bytes.readUIntBE(start + 3, 3);
    stream.type = bytes.readUInt8(start + 6);
  }
  if (format === 0) stream.messageStreamId = bytes.readUInt32LE(start + 7);
  let time = stream.timestampField;
  if (time === EXTENDED_TIMESTAMP) {
    time = bytes.readUInt32BE(end);
    end += 4;
  }
  if (stream.received.length === 0) stream.timestampMs = format === 0 ? time : stream.timestampMs + time;
  return end;
}

/** Splits messages into chunks. The first chunk of each has a full header. Respects chunk sizes set by the messages. */
export function encodeMessages(messages: readonly Message[]): Buffer {
  let chunkBytes = DEFAULT_CHUNK_BYTES;
  return Buffer.concat(
    messages.flatMap((message) => {
      const chunks = encodeMessage(message, chunkBytes);
      const announces = message.type === SET_CHUNK_SIZE && message.payload.length >= 4;
      if (announces) chunkBytes = message.payload.readUInt32BE() || chunkBytes;
      return chunks;
    }),
  );
}

function encodeMessage(message: Message, chunkBytes: number): Buffer[] {
  const { type, messageStreamId, chunkStreamId, timestampMs, payload, declaredBytes = payload.length } = message;
  const isExtended = timestampMs >= EXTENDED_TIMESTAMP;
  const header = Buffer.alloc(HEADER_BYTES_BY_FORMAT[0] + (isExtended ? 4 : 0));
  header.writeUIntBE(Math.min(timestampMs, EXTENDED_TIMESTAMP), 0, 3);
  header.writeUIntBE(declaredBytes, 3, 3);
  header.writeUInt8(type, 6);
  header.writeUInt32LE(messageStreamId, 7);
  if (isExtended) header.writeUInt32BE(timestampMs, HEADER_BYTES_BY_FORMAT[0]);
  const chunks = [basicHeader(0, chunkStreamId), header, payload.subarray(0, chunkBytes)];
  for (let offset = chunkBytes; offset < payload.length; offset += chunkBytes) {
    chunks.push(basicHeader(3, chunkStreamId), header.subarray(HEADER_BYTES_BY_FORMAT[0]));
    chunks.push(payload.subarray(offset, offset + chunkBytes));
  }
  return chunks;
}

/** One byte for ids up to 63, two up to 319, three above (RTMP 1.0, 5.3.1.1). */
function basicHeader(format: 0 | 3, chunkStreamId: number): Buffer {
  const first = format << 6;
  if (chunkStreamId < 64) return Buffer.from([first | chunkStreamId]);
  if (chunkStreamId < 320) return Buffer.from([first, chunkStreamId - 64]);
  return Buffer.from([first | 1, (chunkStreamId - 64) & 0xff, (chunkStreamId - 64) >> 8]);
}
