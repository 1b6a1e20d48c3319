/** Boxes, tracks and fragments by hand, so that each byte of them can be broken. */

export function box(type: string, ...contents: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(contents);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(payload.length + 8);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, payload]);
}

const u8 = (...values: readonly number[]): Buffer => Buffer.from(values);
const u16 = (...values: readonly number[]): Buffer =>
  Buffer.concat(values.map((value) => u8(value >> 8, value & 0xff)));
const u32 = (...values: readonly number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes;
    }),
  );

export interface TinyTrack {
  readonly kind: 'video' | 'audio';
  readonly timescale: number;
  /** How long samples are, in turn if there are several. */
  readonly sampleTicks: number | readonly number[];
  readonly width?: number;
  readonly height?: number;
  /** Bytes of a sample. */
  readonly sampleBytes: number;
}

/** An init section with one track of H.264 or AAC. */
export function tinyInit({ kind, timescale, width = 0, height = 0 }: TinyTrack): Buffer {
  const entry = kind === 'video' ? videoEntry(width, height) : audioEntry();
  const stsd = box('stsd', u32(0, 1), entry);
  const minf = box('minf', box('stbl', stsd));
  const hdlr = box('hdlr', u32(0, 0), Buffer.from(kind === 'video' ? 'vide' : 'soun'), Buffer.alloc(13));
  const mdhd = box('mdhd', u32(0, 0, 0, timescale, 0, 0));
  const tkhd = box('tkhd', u32(0, 0, 0, 1, 0, 0), Buffer.alloc(60));
  const mvex = box('mvex', box('trex', u32(0, 1, 1, 0, 0, 0)));
  return Buffer.concat([
    box('ftyp', Buffer.from('iso6'), u32(0)),
    box('moov', box('trak', tkhd, box('mdia', mdhd, hdlr, minf)), mvex),
  ]);
}

function videoEntry(width: number, height: number): Buffer {
  const avcc = box('avcC', u8(1, 0x42, 0xc0, 0x1e, 0xff, 0xe0, 0));
  return box('avc1', Buffer.alloc(24), u16(width, height), Buffer.alloc(50), avcc);
}

function audioEntry(): Buffer {
  const specific = u8(0x05, 2, 0x11, 0x90);
  const config = Buffer.concat([u8(0x04, 13 + specific.length, 0x40), Buffer.alloc(12), specific]);
  const esds = box('esds', u32(0), u8(0x03, 3 + config.length, 0, 1, 0), config);
  return box('mp4a', Buffer.alloc(16), u16(2, 16), Buffer.alloc(8), esds);
}

/** A fragment of samples of one size. `isIdr` is of the first one. */
export function tinyFragment(track: TinyTrack, startTicks: number, samples: number, isIdr: boolean): Buffer {
  const ticks = [track.sampleTicks].flat();
  const sample = (index: number): Buffer => {
    const bytes = Buffer.alloc(track.sampleBytes, index + 1);
    bytes.writeUInt32BE(track.sampleBytes - 4);
    bytes[4] = isIdr && index === 0 ? 0x65 : 0x41;
    return bytes;
  };
  const moof = (dataOffset: number): Buffer =>
    box(
      'moof',
      box('mfhd', u32(0, 1)),
      box(
        'traf',
        box('tfhd', u32(0x020000, 1)),
        box('tfdt', u32(0x01000000, Math.floor(startTicks / 2 ** 32), startTicks)),
        box(
          'trun',
          u32(0x000301, samples, dataOffset),
          ...Array.from({ length: samples }, (_, index) => u32(ticks[index % ticks.length] ?? 0, track.sampleBytes)),
        ),
      ),
    );
  const data = Array.from({ length: samples }, (_, index) => sample(index));
  return Buffer.concat([moof(moof(0).length + 8), box('mdat', ...data)]);
}
