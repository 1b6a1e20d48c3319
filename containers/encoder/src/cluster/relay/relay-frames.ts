import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { parseRelayHead, type RelayHead, RelayViolation } from './relay-messages.ts';

// The body of a relay's request. All numbers are big-endian.
//
//   head   uint32 length, then JSON
//   tag    uint8 type, uint24 length, uint32 timestampMs, float64 receivedAtMs, then the payload
//   beat   like a tag of type 0 without a payload
//   stopped   like a tag of type 2 without a payload
//   contested   like a tag of type 1, whose payload is the address of an encoder that was refused

const HEAD_LENGTH_BYTES = 4;
const MAX_HEAD_BYTES = 16 * 1024;
const TAG_HEADER_BYTES = 16;
const BEAT = 0;
const CONTESTED = 1;
const STOPPED = 2;
const MAX_ADDRESS_BYTES = 64;

/** Says that the sender is alive. */
export const BEAT_FRAME: Buffer = Buffer.alloc(TAG_HEADER_BYTES);

/** Says that the broadcaster has ended the publish. */
export const STOPPED_FRAME: Buffer = Buffer.alloc(TAG_HEADER_BYTES).fill(STOPPED, 0, 1);

/** A head as the body begins with it. */
export function encodeRelayHead(head: RelayHead): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(HEAD_LENGTH_BYTES);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json]);
}

/** What comes before a tag's payload. The payload follows as it is, so that nobody has to copy it. */
export function encodeTagHeader(tag: FlvTag, receivedAtMs: number): Buffer {
  const header = Buffer.allocUnsafe(TAG_HEADER_BYTES);
  header.writeUInt8(tag.type, 0);
  // RTMP's length has as many bits, so no tag is longer than 16 MiB.
  header.writeUIntBE(tag.payload.length, 1, 3);
  header.writeUInt32BE(tag.timestampMs, 4);
  header.writeDoubleBE(receivedAtMs, 8);
  return header;
}

/** Says that another encoder wants the stream, and was refused. */
export function encodeContested(refusedAddress: string): Buffer {
  const address = Buffer.from(refusedAddress).subarray(0, MAX_ADDRESS_BYTES);
  const header = Buffer.alloc(TAG_HEADER_BYTES);
  header.writeUInt8(CONTESTED, 0);
  header.writeUIntBE(address.length, 1, 3);
  return Buffer.concat([header, address]);
}

/** What a request body says. */
export interface RelayFrames {
  /** Called once, before any tag. */
  onHead(head: RelayHead): void;
  /** The payload is a copy. */
  onTag(tag: FlvTag, receivedAtMs: number): void;
  onContested(refusedAddress: string): void;
  /** The broadcaster has ended the publish. Nothing follows. */
  onStopped(): void;
}

/** Parses a request body, which may be cut anywhere. */
export class RelayFrameReader {
  readonly #frames: RelayFrames;
  /** What is being read, and how much of it is there. */
  #part: Buffer = Buffer.alloc(HEAD_LENGTH_BYTES);
  #filledBytes = 0;
  #onPart: (part: Buffer) => void = (part) => this.#readHeadLength(part);

  constructor(frames: RelayFrames) {
    this.#frames = frames;
  }

  /** Throws a RelayViolation if the bytes are malformed. The reader must not be used after that. */
  read(bytes: Buffer): void {
    let offset = 0;
    while (offset < bytes.length) {
      const copiedBytes = bytes.copy(this.#part, this.#filledBytes, offset);
      offset += copiedBytes;
      this.#filledBytes += copiedBytes;
      if (this.#filledBytes === this.#part.length) this.#onPart(this.#part);
    }
  }

  #expect(byteCount: number, onPart: (part: Buffer) => void): void {
    this.#part = Buffer.allocUnsafe(byteCount);
    this.#filledBytes = 0;
    this.#onPart = onPart;
  }

  #expectTag(): void {
    this.#expect(TAG_HEADER_BYTES, (header) => this.#readTagHeader(header));
  }

  #readHeadLength(part: Buffer): void {
    const length = part.readUInt32BE();
    if (length === 0 || length > MAX_HEAD_BYTES) throw new RelayViolation(`a head of ${length} bytes`);
    this.#expect(length, (head) => {
      this.#expectTag();
      this.#frames.onHead(parseRelayHead(head.toString()));
    });
  }

  #readTagHeader(header: Buffer): void {
    const type = header.readUInt8(0);
    const byteCount = header.readUIntBE(1, 3);
    const timestampMs = header.readUInt32BE(4);
    const receivedAtMs = header.readDoubleBE(8);
    if (type === BEAT && byteCount === 0) {
      this.#expectTag();
      return;
    }
    if (type === STOPPED && byteCount === 0) {
      this.#expectTag();
      this.#frames.onStopped();
      return;
    }
    if (type === CONTESTED && byteCount > 0 && byteCount <= MAX_ADDRESS_BYTES) {
      this.#expect(byteCount, (address) => {
        this.#expectTag();
        this.#frames.onContested(address.toString());
      });
      return;
    }
    if (type !== AUDIO_TAG && type !== VIDEO_TAG && type !== SCRIPT_TAG) throw new RelayViolation(`type ${type}`);
    if (!Number.isFinite(receivedAtMs)) throw new RelayViolation('a time of arrival that is no number');
    const onPayload = (payload: Buffer): void => {
      this.#expectTag();
      this.#frames.onTag({ type, timestampMs, payload }, receivedAtMs);
    };
    if (byteCount === 0) onPayload(Buffer.alloc(0));
    else this.#expect(byteCount, onPayload);
  }
}
