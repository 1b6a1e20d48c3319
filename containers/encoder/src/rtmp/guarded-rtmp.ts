import logger from 'node-media-server/src/core/logger.js';
import amf from 'node-media-server/src/protocol/amf.js';
import Flv from 'node-media-server/src/protocol/flv.js';
import Rtmp from 'node-media-server/src/protocol/rtmp.js';
import type { RtmpLimits } from '#encoder/guard/rtmp-limits.ts';
import { AUDIO_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

// Its log goes to stdout and quotes strangers' bytes. Everything that matters reaches us as calls and exceptions.
logger.log = () => undefined;

// Each RTMP parser makes an FLV parser that is unused here. Its constructor would allocate this buffer: 1 MiB a connection.
Object.defineProperty(Flv.prototype, 'parserTagCapacity', { get: () => 0, set: () => undefined });

/** RTMP message types (RTMP 1.0, sections 5.4 and 7.1). */
const SET_CHUNK_SIZE = 1;
const ABORT = 2;
const WINDOW_ACKNOWLEDGEMENT_SIZE = 5;
const AMF3_COMMAND = 17;

const RTMP_VERSION = 3;
const HANDSHAKE_NOT_BEGUN = 0;
const HANDSHAKE_DONE = 3;
const HANDSHAKE_PART_BYTES = 1536;
/** Parser state in which bytes belong to a message. In every other state they are headers. */
const READS_PAYLOAD = 4;
/** The default. Smaller chunks would cost us more than the peer (RTMP 1.0, 5.4.1: "SHOULD be at least 128"). */
const MIN_CHUNK_SIZE = 128;
const MAX_CHUNK_SIZE = 0x7fffffff;
const MIN_ACKNOWLEDGEMENT_WINDOW_BYTES = 64 * 1024;
const UINT32_RANGE = 2 ** 32;

/** The acknowledgement window of both directions until the peer sets another. */
export const ACKNOWLEDGEMENT_WINDOW_BYTES = 2_500_000;

/** A decoded AMF0 command. `cmd` is its name; the other fields depend on it and are unchecked. */
export type RtmpCommand = Readonly<Record<string, unknown>>;

/** The peer broke the protocol or a limit. The message has no data of the peer's, so it is safe to log. */
export class RtmpViolation extends Error {
  override readonly name = 'RtmpViolation';
}

/**
 * Where a connection stands. A `stranger` has not published. While its publish is `deciding`, nothing behind the command is
 * parsed. When it is `live`, messages may be long. When it is `closing`, no message is handled any more.
 */
export type ConnectionPhase = 'stranger' | 'deciding' | 'live' | 'closing';

/**
 * node-media-server's RTMP chunk parser behind checks of every value that it trusts. `receive` throws on input that breaks the
 * protocol or a limit: an RtmpViolation, or any error of the decoder. The parser must not be used after that.
 */
export abstract class GuardedRtmp extends Rtmp {
  readonly #limits: RtmpLimits;
  #earlyMessages = 0;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  #acknowledgementWindowBytes = ACKNOWLEDGEMENT_WINDOW_BYTES;

  constructor(limits: RtmpLimits) {
    super();
    this.#limits = limits;
  }

  /** The connection's phase, which changes while messages are handled. */
  protected abstract readonly phase: ConnectionPhase;
  protected abstract handleCommand(command: RtmpCommand): void;
  /** Called for each message of a live publish, whatever its type. */
  protected abstract countMessage(): void;

  get handshakeDone(): boolean {
    return this.handshakeState === HANDSHAKE_DONE;
  }

  /** Takes bytes of the peer, cut anywhere. Returns the bytes that it did not use: pass them in again when the publish is live. */
  receive(bytes: Buffer): Buffer {
    if (this.#receivedBytes === 0 && bytes[0] !== RTMP_VERSION) throw new RtmpViolation('not an RTMP handshake');
    let offset = 0;
    while (offset < bytes.length && (this.phase === 'stranger' || this.phase === 'live')) {
      const end = this.phase === 'live' ? bytes.length : offset + this.#bytesUntilMessageEnds();
      const step = bytes.subarray(offset, end);
      offset += step.length;
      this.#receivedBytes += step.length;
      this.parserData(step);
    }
    // Some hardware encoders stop sending until they are acknowledged.
    const unacknowledgedBytes = this.#receivedBytes - this.#acknowledgedBytes;
    if (this.phase !== 'closing' && unacknowledgedBytes >= this.#acknowledgementWindowBytes) {
      this.#acknowledgedBytes = this.#receivedBytes;
      this.sendACK(this.#receivedBytes % UINT32_RANGE);
    }
    return bytes.subarray(offset);
  }

  /** A number of bytes that reaches the end of at most one message, and nothing behind it. */
  #bytesUntilMessageEnds(): number {
    if (this.handshakeState === HANDSHAKE_NOT_BEGUN) return 1;
    if (this.handshakeState !== HANDSHAKE_DONE) return HANDSHAKE_PART_BYTES - this.handshakeBytes;
    if (this.parserState !== READS_PAYLOAD) return 1;
    const { bytes, header } = this.parserPacket;
    return Math.max(1, Math.min(this.inChunkSize - (bytes % this.inChunkSize), header.length - bytes));
  }

  override chunkMessageHeaderRead(): number {
    const { bytes, header } = this.parserPacket;
    const { length, type } = header;
    const offset = super.chunkMessageHeaderRead();
    if (bytes > 0 && (header.length !== length || header.type !== type)) {
      throw new RtmpViolation('a message changed its length or type half-way');
    }
    if (this.inPackets.size > this.#limits.maxChunkStreams) throw new RtmpViolation('too many chunk streams');
    return offset;
  }

  /** Called when a message's header is complete, before memory for all of it is allocated. */
  override packetAlloc(): void {
    const packet = this.parserPacket;
    const { type, length } = packet.header;
    packet.clock %= UINT32_RANGE; // Timestamps wrap. The parser would drop every later message.
    if (type !== AUDIO_TAG && type !== VIDEO_TAG && length > this.#limits.maxCommandBytes) {
      throw new RtmpViolation(`a message of type ${type} with ${length} bytes`);
    }
    if (packet.capacity >= length) return;
    let bufferBytes = length - packet.capacity;
    for (const { capacity } of this.inPackets.values()) bufferBytes += capacity;
    const { maxMessageBufferBytes, maxBytesBeforeAuthorised } = this.#limits;
    const isStranger = this.phase === 'stranger' || this.phase === 'deciding';
    if (bufferBytes > (isStranger ? maxBytesBeforeAuthorised : maxMessageBufferBytes)) {
      throw new RtmpViolation(`messages of ${bufferBytes} bytes in flight`);
    }
    super.packetAlloc();
  }

  override packetHandler(): void {
    if (this.phase === 'live') this.countMessage();
    else if (this.phase !== 'closing' && ++this.#earlyMessages > this.#limits.maxMessagesBeforeAuthorised) {
      throw new RtmpViolation('too many messages before a publish');
    }
    // A message before this one may have ended the publish, or the count of this one.
    if (this.phase !== 'closing') super.packetHandler();
  }

  override controlHandler(): void {
    const { header, payload } = this.parserPacket;
    if (header.type !== SET_CHUNK_SIZE && header.type !== ABORT && header.type !== WINDOW_ACKNOWLEDGEMENT_SIZE) return;
    if (header.length < 4) throw new RtmpViolation('a control message without a value');
    const value = payload.readUInt32BE();
    if (header.type === SET_CHUNK_SIZE) {
      if (value < MIN_CHUNK_SIZE || value > MAX_CHUNK_SIZE) throw new RtmpViolation(`chunk size ${value}`);
      this.inChunkSize = value;
    } else if (header.type === ABORT) {
      const aborted = this.inPackets.get(value);
      if (aborted !== undefined) aborted.bytes = 0;
    } else {
      this.#acknowledgementWindowBytes = Math.max(value, MIN_ACKNOWLEDGEMENT_WINDOW_BYTES);
    }
  }

  override invokeHandler(): void {
    const { header, payload } = this.parserPacket;
    this.handleCommand(amf.decodeAmf0Cmd(payload.subarray(header.type === AMF3_COMMAND ? 1 : 0, header.length)));
  }
}
