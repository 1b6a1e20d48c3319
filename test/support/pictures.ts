import { deflateSync } from 'node:zlib';

export interface TestPicture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue, from 0 to 255. */
  readonly colour: readonly [number, number, number];
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
export const GREEN = [20, 200, 40] as const;

/** A PNG of one colour. `header` changes the size that it claims to have, and `extra` chunks come before its pixels. */
export function makePng(
  { width, height, colour }: TestPicture,
  header: Partial<Pick<TestPicture, 'width' | 'height'>> = {},
  extra: readonly Buffer[] = [],
): Buffer {
  const size = Buffer.alloc(13);
  size.writeUInt32BE(header.width ?? width, 0);
  size.writeUInt32BE(header.height ?? height, 4);
  // Eight bits for each of three colours, with no interlacing.
  size.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.alloc(1), ...Array.from({ length: width }, () => Buffer.from(colour))]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  const parts = [pngChunk('IHDR', size), ...extra, pngChunk('IDAT', pixels), pngChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...parts]);
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, crc]);
}

/** Bit by bit (PNG, third edition, annex D). */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export interface JpegSettings {
  readonly width: number;
  readonly height: number;
  /** Second byte of the marker of the frame: 0xc0 for baseline. */
  readonly frame: number;
  readonly precision: number;
  readonly components: number;
  readonly scans: number;
}

/**
 * The markers of a JPEG, with nothing in its scans: enough for whoever does not decode it. `extra` segments come before the frame, and
 * before each scan.
 */
export function makeJpegMarkers(settings: Partial<JpegSettings> = {}, extra: readonly number[] = []): Buffer {
  const { width, height, frame, precision, components, scans } = {
    ...{ width: 640, height: 360, frame: 0xc0, precision: 8, components: 3, scans: 1 },
    ...settings,
  };
  const parts = Array.from({ length: components }, (_, index) => [index, 0x11, 0]).flat();
  const frameHeader = [precision, height >> 8, height & 0xff, width >> 8, width & 0xff, components, ...parts];
  const scan = jpegSegment(0xda, [1, 0, 0, 0, 63, 0]).concat([0x12, 0xff, 0x00, 0x34]);
  return Buffer.from([
    ...[0xff, 0xd8],
    ...jpegSegment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0]),
    ...extra,
    ...jpegSegment(frame, frameHeader),
    ...Array.from({ length: scans }, () => [...extra, ...scan]).flat(),
    ...[0xff, 0xd9],
  ]);
}

export const jpegSegment = (marker: number, data: readonly number[]): number[] => [
  0xff,
  marker,
  0,
  data.length + 2,
  ...data,
];
