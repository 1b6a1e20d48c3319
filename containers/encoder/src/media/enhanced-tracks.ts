import { AUDIO_TAG, type FlvTag, isEnhanced } from './flv-tag.ts';

/** What one tag of Enhanced RTMP has of one track. */
export interface EnhancedTrack {
  readonly fourCc: string;
  /** SEQUENCE_START, CODED_FRAMES and so on. */
  readonly packetType: number;
  /** 0 if the tag has one track and no number. */
  readonly trackId: number;
  readonly body: Buffer;
}

/** Packet types of both kinds of tag. */
export const SEQUENCE_START = 0;
export const CODED_FRAMES = 1;
/** Of video only: without a composition time. */
export const CODED_FRAMES_X = 3;
const METADATA = 4;
const MOD_EX = 7;
const MULTITRACK = { audio: 5, video: 6 } as const;

const ONE_TRACK = 0;
const MANY_TRACKS_MANY_CODECS = 2;
const COMMAND_FRAME_TYPE = 5;
const FOURCC_BYTES = 4;
/** A tag may have 256 tracks. No publisher has as many. */
const MAX_TRACKS = 32;

/**
 * Reads a tag of Enhanced RTMP v2 ("Enhanced Audio", "Enhanced Video"). Modifiers (ModEx) are skipped: they refine timestamps by
 * less than a millisecond. Empty if the tag has neither media nor a decoder's configuration; null if it is of another kind, or
 * damaged.
 */
export function readEnhancedTracks(tag: FlvTag): readonly EnhancedTrack[] | null {
  if (!isEnhanced(tag)) return null;
  try {
    return tag.type === AUDIO_TAG ? readAudio(tag.payload) : readVideo(tag.payload);
  } catch (error) {
    if (error instanceof RangeError) return null; // the tag ends early
    throw error;
  }
}

/** A place in a tag. Everything that reads past the end throws a RangeError. */
class TagReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  readUInt(byteLength: number): number {
    return this.take(byteLength).readUIntBE(0, byteLength);
  }

  readFourCc(): string {
    return this.take(FOURCC_BYTES).toString('latin1');
  }

  take(byteLength: number): Buffer {
    const end = this.#offset + byteLength;
    if (end > this.#bytes.length) throw new RangeError('the tag ends early');
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  takeRest(): Buffer {
    return this.take(this.#bytes.length - this.#offset);
  }
}

function readAudio(payload: Buffer): EnhancedTrack[] {
  const reader = new TagReader(payload, 1);
  return readTracks(reader, skipModifiers(reader, payload.readUInt8() & 0x0f), MULTITRACK.audio);
}

function readVideo(payload: Buffer): EnhancedTrack[] {
  const first = payload.readUInt8();
  const reader = new TagReader(payload, 1);
  const packetType = skipModifiers(reader, first & 0x0f);
  const isCommand = ((first >> 4) & 0x07) === COMMAND_FRAME_TYPE;
  return isCommand || packetType === METADATA ? [] : readTracks(reader, packetType, MULTITRACK.video);
}

/** Returns the packet type behind all modifiers. Each has a byte at least, so the tag's length bounds them. */
function skipModifiers(reader: TagReader, firstType: number): number {
  let packetType = firstType;
  while (packetType === MOD_EX) {
    const shortLength = reader.readUInt(1) + 1;
    reader.take(shortLength === 256 ? reader.readUInt(2) + 1 : shortLength);
    packetType = reader.readUInt(1) & 0x0f;
  }
  return packetType;
}

function readTracks(reader: TagReader, firstType: number, multitrack: number): EnhancedTrack[] {
  if (firstType !== multitrack) {
    // Later versions may have packet types without a FourCC.
    if (firstType > multitrack) return [];
    return [{ packetType: firstType, fourCc: reader.readFourCc(), trackId: 0, body: reader.takeRest() }];
  }
  const types = reader.readUInt(1);
  const packetType = types & 0x0f;
  const multitrackType = types >> 4;
  const hasManyCodecs = multitrackType === MANY_TRACKS_MANY_CODECS;
  const commonFourCc = hasManyCodecs ? '' : reader.readFourCc();
  const tracks: EnhancedTrack[] = [];
  do {
    const fourCc = hasManyCodecs ? reader.readFourCc() : commonFourCc;
    const trackId = reader.readUInt(1);
    const body = multitrackType === ONE_TRACK ? reader.takeRest() : reader.take(reader.readUInt(3));
    tracks.push({ fourCc, packetType, trackId, body });
  } while (!reader.isAtEnd && tracks.length < MAX_TRACKS);
  return tracks;
}
