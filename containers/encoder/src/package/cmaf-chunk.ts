import { childBoxes, requireBox } from './box-stream.ts';
import type { Sample } from './fragment.ts';

/** What is said of a chunk in its boxes. */
export interface ChunkHeader {
  readonly trackId: number;
  readonly sequenceNumber: number;
  /** Decoding time of the first sample, in ticks of the track (tfdt). The samples' own times are not written. */
  readonly decodeTicks: number;
  /** Event message boxes that come before it. @default none */
  readonly events?: readonly Buffer[];
}

/** Sample flags (ISO/IEC 14496-12 8.8.3.1) of a sync sample, and of a sample that depends on others. */
const SYNC_SAMPLE_FLAGS = 0x02000000;
const DEPENDENT_SAMPLE_FLAGS = 0x01010000;

const MFHD_BYTES = 16;
const TFHD_BYTES = 20;
const TFDT_BYTES = 20;
const TRUN_HEADER_BYTES = 20;
const TRUN_ENTRY_BYTES = 16;
/** Where a trun has its data offset, and the size of its first sample. */
const TRUN_DATA_OFFSET_AT = 16;
const TRUN_FIRST_SIZE_AT = 24;
const CONTAINER_BYTES = 8;

const MOOF_BYTES = CONTAINER_BYTES + MFHD_BYTES + CONTAINER_BYTES + TFHD_BYTES + TFDT_BYTES + TRUN_HEADER_BYTES;

/** Bytes of a chunk that are not media: its boxes, and one entry per sample. */
export function chunkOverheadBytes(samples: number): number {
  return MOOF_BYTES + samples * TRUN_ENTRY_BYTES + CONTAINER_BYTES;
}

/** Some of the bytes of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly bytes: number;
}

/** From the moof of a chunk to the end of its first sample: enough to decode that one, if it is a sync sample. */
export function firstSampleRange(chunk: Buffer): ByteRange {
  const moof = childBoxes(chunk).find(({ type }) => type === 'moof');
  if (moof === undefined) throw new Error('a chunk without a moof');
  const trun = requireBox(moof, 'traf', 'trun').data;
  const bytes = trun.readUInt32BE(TRUN_DATA_OFFSET_AT) + trun.readUInt32BE(TRUN_FIRST_SIZE_AT);
  return { offset: moof.data.byteOffset - chunk.byteOffset, bytes };
}

/**
 * Writes samples as one CMAF chunk (ISO/IEC 23000-19 7.3.2.3): events, a moof and an mdat in a buffer of exactly their size.
 * One moof per part costs viewers a tenth of the overhead and parsing of one moof per frame.
 */
export function buildCmafChunk(header: ChunkHeader, samples: readonly Sample[]): Buffer {
  const { trackId, sequenceNumber, decodeTicks, events = [] } = header;
  const eventBytes = events.reduce((bytes, event) => bytes + event.length, 0);
  const trunBytes = TRUN_HEADER_BYTES + samples.length * TRUN_ENTRY_BYTES;
  const trafBytes = CONTAINER_BYTES + TFHD_BYTES + TFDT_BYTES + trunBytes;
  const moofBytes = CONTAINER_BYTES + MFHD_BYTES + trafBytes;
  const mediaBytes = samples.reduce((bytes, sample) => bytes + sample.data.length, 0);
  // Not from the shared pool: a part lives for two playlist windows and must not keep a slab of the pool alive.
  const chunk = Buffer.allocUnsafeSlow(eventBytes + moofBytes + CONTAINER_BYTES + mediaBytes);

  let offset = 0;
  const put32 = (value: number): void => {
    offset = chunk.writeUInt32BE(value >>> 0, offset);
  };
  const putHeader = (bytes: number, type: string): void => {
    put32(bytes);
    offset += chunk.write(type, offset, 'latin1');
  };

  for (const event of events) offset += event.copy(chunk, offset);
  putHeader(moofBytes, 'moof');
  putHeader(MFHD_BYTES, 'mfhd');
  put32(0);
  put32(sequenceNumber);
  putHeader(trafBytes, 'traf');
  putHeader(TFHD_BYTES, 'tfhd');
  put32(0x020020); // default-base-is-moof, default-sample-flags
  put32(trackId);
  put32(DEPENDENT_SAMPLE_FLAGS);
  putHeader(TFDT_BYTES, 'tfdt');
  put32(0x01000000); // version 1: 64-bit time
  offset = chunk.writeBigUInt64BE(BigInt(decodeTicks), offset);
  putHeader(trunBytes, 'trun');
  put32(0x01000f01); // version 1 (signed offsets); data offset; per sample: duration, size, flags, composition offset
  put32(samples.length);
  put32(moofBytes + CONTAINER_BYTES);
  for (const sample of samples) {
    put32(sample.durationTicks);
    put32(sample.data.length);
    put32(sample.isSync ? SYNC_SAMPLE_FLAGS : DEPENDENT_SAMPLE_FLAGS);
    put32(sample.compositionOffsetTicks);
  }

  putHeader(CONTAINER_BYTES + mediaBytes, 'mdat');
  for (const sample of samples) offset += sample.data.copy(chunk, offset);
  return chunk;
}
