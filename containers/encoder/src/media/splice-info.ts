import { BitReader } from './bit-reader.ts';

/** What a splice means for the main programme: it is left, it comes back, or something else (RFC 8216bis 4.4.5.1.1). */
export type SpliceKind = 'out' | 'in' | 'command';

/** A signal for advertising: what an SCTE-35 splice_info_section says of one break. */
export interface SpliceSignal {
  readonly kind: SpliceKind;
  /** What the signals of one break have in common. Null if the section speaks of no break. */
  readonly eventId: number | null;
  /** How long the break is planned to be. Null if nothing is said. */
  readonly plannedSeconds: number | null;
  readonly section: Buffer;
}

/** SCTE 35, table 5: the table's id, and where its length and its command begin. */
const TABLE_ID = 0xfc;
const LENGTH_END_BYTES = 3;
const COMMAND_LENGTH_OFFSET = 11;
const COMMAND_OFFSET = 14;
const CRC_BYTES = 4;
/** The length of a command that does not say it. */
const UNKNOWN_LENGTH = 0xfff;
/** Far longer than any real one, which has to fit in few MPEG packets. */
const MAX_SECTION_BYTES = 512;
/** SCTE 35, table 7. */
const SPLICE_NULL = 0;
const SPLICE_INSERT = 5;
const TIME_SIGNAL = 6;
const SEGMENTATION_DESCRIPTOR = 2;
const TICKS_PER_SECOND = 90_000;
const TICK_BITS = 33;
/**
 * Segmentation types that begin a break (SCTE 35, table 23): break, provider's and distributor's advertisement, and placement
 * opportunities of both. The type of each end is the next number.
 */
const BREAK_STARTS: readonly number[] = [0x22, 0x30, 0x32, 0x34, 0x36];
/** An end and a beginning of each of four kinds that are nested. Further descriptors are left out. */
const MAX_BREAKS = 8;
const CRC_POLYNOMIAL = 0x04c11db7;

type Break = Omit<SpliceSignal, 'section'>;

const NO_BREAK: Break = { kind: 'command', eventId: null, plannedSeconds: null };

/**
 * Reads a section: a signal for each break that ends or begins, the ends first, or one for all that is no break. Empty if the bytes
 * are no section, or if it says nothing.
 */
export function parseSpliceInfo(section: Buffer): SpliceSignal[] {
  if (section[0] !== TABLE_ID || section.length > MAX_SECTION_BYTES) return [];
  if (section.length < COMMAND_OFFSET + 2 + CRC_BYTES) return [];
  const bytes = LENGTH_END_BYTES + (section.readUInt16BE(1) & 0xfff);
  if (bytes !== section.length || crc32(section) !== 0) return [];
  const type = section[COMMAND_OFFSET - 1];
  if (type === SPLICE_NULL) return [];
  const isEncrypted = ((section[4] ?? 0) & 0x80) !== 0;
  const breaks = isEncrypted ? [] : readBreaks(section, type);
  return (breaks.length === 0 ? [NO_BREAK] : breaks).map((signal) => ({ ...signal, section }));
}

function readBreaks(section: Buffer, type: number | undefined): Break[] {
  const command = section.subarray(COMMAND_OFFSET, -CRC_BYTES);
  if (type === SPLICE_INSERT) return [readInsert(new BitReader(command))];
  if (type !== TIME_SIGNAL) return [];
  const declaredBytes = section.readUInt16BE(COMMAND_LENGTH_OFFSET) & 0xfff;
  const ownBytes = ((command[0] ?? 0) & 0x80) !== 0 ? 5 : 1;
  const descriptors = command.subarray((declaredBytes === UNKNOWN_LENGTH ? ownBytes : declaredBytes) + 2);
  return readDescriptors(descriptors);
}

/** splice_insert (SCTE 35, table 10). */
function readInsert(bits: BitReader): Break {
  const eventId = bits.readBits(32);
  const isCancelled = bits.readFlag();
  bits.skip(7);
  if (isCancelled) return NO_BREAK;
  const isOut = bits.readFlag();
  const isWhole = bits.readFlag();
  const hasDuration = bits.readFlag();
  const isImmediate = bits.readFlag();
  bits.skip(4);
  const components = isWhole ? 1 : bits.readBits(8);
  for (let index = 0; index < components; index++) {
    if (!isWhole) bits.skip(8);
    if (!isImmediate) skipTime(bits);
  }
  if (hasDuration) bits.skip(7);
  const plannedSeconds = hasDuration ? bits.readBits(TICK_BITS) / TICKS_PER_SECOND : null;
  return bits.exhausted ? NO_BREAK : { kind: isOut ? 'out' : 'in', eventId, plannedSeconds };
}

function skipTime(bits: BitReader): void {
  bits.skip(bits.readFlag() ? 6 + TICK_BITS : 7);
}

/** Some encoders give all breaks one event id: then the end belongs to the former one. */
function readDescriptors(descriptors: Buffer): Break[] {
  const found: Break[] = [];
  for (let offset = 0; offset + 2 <= descriptors.length; ) {
    const end = offset + 2 + (descriptors[offset + 1] ?? 0);
    const isSegmentation =
      descriptors[offset] === SEGMENTATION_DESCRIPTOR &&
      descriptors.toString('latin1', offset + 2, offset + 6) === 'CUEI';
    const signal = isSegmentation ? readSegmentation(new BitReader(descriptors.subarray(offset + 6, end))) : null;
    if (signal !== null && found.length < MAX_BREAKS) found.push(signal);
    offset = end;
  }
  return [...found.filter(({ kind }) => kind === 'in'), ...found.filter(({ kind }) => kind === 'out')];
}

/** segmentation_descriptor (SCTE 35, table 20). Null if it neither begins nor ends a break. */
function readSegmentation(bits: BitReader): Break | null {
  const eventId = bits.readBits(32);
  const isCancelled = bits.readFlag();
  bits.skip(7);
  if (isCancelled) return null;
  const isWhole = bits.readFlag();
  const hasDuration = bits.readFlag();
  bits.skip(6);
  if (!isWhole) bits.skip(bits.readBits(8) * 48);
  const plannedSeconds = hasDuration ? bits.readBits(40) / TICKS_PER_SECOND : null;
  bits.skip(8);
  bits.skip(bits.readBits(8) * 8);
  const type = bits.readBits(8);
  if (bits.exhausted) return null;
  if (BREAK_STARTS.includes(type)) return { kind: 'out', eventId, plannedSeconds };
  return BREAK_STARTS.includes(type - 1) ? { kind: 'in', eventId, plannedSeconds: null } : null;
}

/** CRC_32 of MPEG-2 systems (ISO/IEC 13818-1 annex A). It is 0 over bytes that end with their own. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? CRC_POLYNOMIAL : 0);
  }
  return crc >>> 0;
}
