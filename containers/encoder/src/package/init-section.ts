import { BOX_HEADER_BYTES, type Box, childBoxes, requireBox } from './box-stream.ts';

/** An initialization section (ftyp and moov) and its one track. */
export interface InitSection {
  readonly data: Buffer;
  readonly trackId: number;
  /** Ticks per second of the track's timestamps. */
  readonly timescale: number;
  /** RFC 6381 codec string: `avc1.64001f`, `hvc1.1.6.L93.90`, `av01.0.04M.08`, `mp4a.40.2`. */
  readonly codec: string;
  readonly defaults: SampleDefaults;
}

/** Values for the samples of fragments that have no values of their own (trex, ISO/IEC 14496-12 8.8.3). */
export interface SampleDefaults {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

/**
 * Size of a sample entry's header and fixed fields, which precede its child boxes (ISO/IEC 14496-12 12.1.3, 12.2.3).
 */
const VISUAL_SAMPLE_ENTRY_BYTES = 86;
const AUDIO_SAMPLE_ENTRY_BYTES = 36;
/** Version and flags of a full box (ISO/IEC 14496-12 4.2). */
const FULL_BOX_FIELDS_BYTES = 4;
/** Where the first sample entry of an stsd box begins. */
const SAMPLE_ENTRY_OFFSET = 16;

/** A kind of sample entry: what is in front of its boxes, and what the codec string says of its configuration. */
interface SampleEntryKind {
  readonly type: string;
  readonly fixedBytes: number;
  readonly configurationBox: string;
  readonly parameters: (configuration: Buffer) => string;
}

const SAMPLE_ENTRIES: readonly SampleEntryKind[] = [
  videoEntry('avc1', 'avcC', (configuration) => configuration.toString('hex', 1, 4)),
  videoEntry('hvc1', 'hvcC', hevcProfile),
  videoEntry('av01', 'av1C', av1Profile),
  {
    ...{ type: 'mp4a', fixedBytes: AUDIO_SAMPLE_ENTRY_BYTES, configurationBox: 'esds' },
    parameters: (configuration) => `40.${audioObjectType(configuration.subarray(FULL_BOX_FIELDS_BYTES))}`,
  },
];

function videoEntry(
  type: string,
  configurationBox: string,
  parameters: SampleEntryKind['parameters'],
): SampleEntryKind {
  return { type, fixedBytes: VISUAL_SAMPLE_ENTRY_BYTES, configurationBox, parameters };
}

/** Reads the header boxes of a fragmented MP4 with a single H.264, HEVC, AV1 or AAC track. Throws on anything else. */
export function parseInitSection(ftyp: Box, moov: Box): InitSection {
  const tracks = childBoxes(moov.data.subarray(BOX_HEADER_BYTES)).filter((box) => box.type === 'trak').length;
  if (tracks !== 1) throw new Error(`moov has ${tracks} tracks; one is allowed`);
  const mdhd = requireBox(moov, 'trak', 'mdia', 'mdhd').data;
  const trex = requireBox(moov, 'mvex', 'trex').data;
  const timescale = mdhd[8] === 1 ? mdhd.readUInt32BE(28) : mdhd.readUInt32BE(20);
  if (timescale === 0) throw new Error('mdhd has timescale 0');
  return {
    data: Buffer.concat([ftyp.data, withoutEditList(moov.data)]),
    trackId: trex.readUInt32BE(12),
    timescale,
    codec: codecString(requireBox(moov, 'trak', 'mdia', 'minf', 'stbl', 'stsd')),
    defaults: {
      durationTicks: trex.readUInt32BE(20),
      sizeBytes: trex.readUInt32BE(24),
      flags: trex.readUInt32BE(28),
    },
  };
}

/** What a manifest says of a track. */
export interface TrackFormat {
  readonly codec: string;
  readonly timescale: number;
  /** Null if it is sound. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** Of sound; 0 if it is a picture. */
  readonly channels: number;
}

/** Reads what `parseInitSection` has made. */
export function trackFormatOf(initSection: Buffer): TrackFormat {
  const [ftyp, moov] = childBoxes(initSection);
  if (ftyp === undefined || moov === undefined) throw new Error('an init section without ftyp and moov');
  const { codec, timescale } = parseInitSection(ftyp, moov);
  const { data } = requireBox(moov, 'trak', 'mdia', 'minf', 'stbl', 'stsd');
  const entry = data.subarray(SAMPLE_ENTRY_OFFSET);
  if (codec.startsWith('mp4a')) return { codec, timescale, size: null, channels: entry.readUInt16BE(24) };
  return { codec, timescale, size: { width: entry.readUInt16BE(32), height: entry.readUInt16BE(34) }, channels: 0 };
}

function codecString(stsd: Box): string {
  const entry = childBoxes(stsd.data.subarray(SAMPLE_ENTRY_OFFSET))[0];
  const known = SAMPLE_ENTRIES.find(({ type }) => type === entry?.type);
  if (entry === undefined || known === undefined) {
    throw new Error(
      `sample entry ${entry?.type ?? 'missing'}; ${SAMPLE_ENTRIES.map(({ type }) => type).join(', ')} are known`,
    );
  }
  const { type, fixedBytes, configurationBox, parameters } = known;
  const box = childBoxes(entry.data.subarray(fixedBytes)).find((child) => child.type === configurationBox);
  if (box === undefined) throw new Error(`no ${configurationBox} box in ${type}`);
  return `${type}.${parameters(box.data.subarray(BOX_HEADER_BYTES))}`;
}

/** Profile, tier, level and bit depth of an AV1CodecConfigurationRecord (AV1 in ISO base media files, 2.3 and 5). */
function av1Profile(configuration: Buffer): string {
  const profileAndLevel = configuration.readUInt8(1);
  const flags = configuration.readUInt8(2);
  const level = String(profileAndLevel & 0x1f).padStart(2, '0');
  const bitDepth = (flags & 0x40) === 0 ? '08' : (flags & 0x20) === 0 ? '10' : '12';
  return `${profileAndLevel >> 5}.${level}${(flags & 0x80) === 0 ? 'M' : 'H'}.${bitDepth}`;
}

/** Profile, compatibility, tier, level and constraints of an HEVC decoder configuration (ISO/IEC 14496-15 8.3.3, annex E.3). */
function hevcProfile(configuration: Buffer): string {
  const profile = configuration.readUInt8(1);
  const space = ['', 'A', 'B', 'C'][profile >> 6] ?? '';
  const tier = (profile & 0x20) === 0 ? 'L' : 'H';
  // The first flag is the lowest bit of the number, and the last constraints are left out if they are zero.
  const compatibility = Number.parseInt(bitsOf(configuration.readUInt32BE(2)).reverse().join(''), 2);
  const constraints = [...configuration.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const fields = [
    `${space}${profile & 0x1f}`,
    compatibility.toString(16).toUpperCase(),
    `${tier}${configuration.readUInt8(12)}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ];
  return fields.join('.');
}

const bitsOf = (number: number): string[] => [...number.toString(2).padStart(32, '0')];

/** The first five bits of the AudioSpecificConfig in the descriptors of an esds box (ISO/IEC 14496-1 7.2.6). */
function audioObjectType(descriptors: Buffer): number {
  const DECODER_SPECIFIC_INFO = 5;
  const fixedBytesOf: Record<number, number> = { 3: 3, 4: 13 };
  let offset = 0;
  while (offset < descriptors.length) {
    const tag = descriptors.readUInt8(offset++);
    while (descriptors.readUInt8(offset++) & 0x80) {
      // a length byte whose top bit is set is followed by another
    }
    if (tag === DECODER_SPECIFIC_INFO) return descriptors.readUInt8(offset) >> 3;
    const fixedBytes = fixedBytesOf[tag];
    if (fixedBytes === undefined) break;
    offset += fixedBytes;
  }
  throw new Error('no AudioSpecificConfig in esds');
}

/**
 * The moov box without its edit list. Players interpret edit lists of fragmented media in different ways. Without one,
 * only the fragments' timestamps decide when a sample is due.
 */
function withoutEditList(moov: Buffer): Buffer {
  return rebuild(moov, (child) => {
    if (child.type !== 'trak') return child.data;
    return rebuild(child.data, (box) => (box.type === 'edts' ? null : box.data));
  });
}

function rebuild(container: Buffer, keep: (child: Box) => Buffer | null): Buffer {
  const children = childBoxes(container.subarray(BOX_HEADER_BYTES)).flatMap((child) => keep(child) ?? []);
  const header = Buffer.from(container.subarray(0, BOX_HEADER_BYTES));
  header.writeUInt32BE(
    children.reduce((bytes, child) => bytes + child.length, BOX_HEADER_BYTES),
    0,
  );
  return Buffer.concat([header, ...children]);
}
