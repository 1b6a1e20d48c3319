import { SLATE_IMAGE_LIMITS, type SlateImageType, slateImageTypeOf } from '#domain/slate-images.ts';

/** Type and size of a picture, by its own bytes. */
export interface PictureHeader {
  readonly type: SlateImageType;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** Why a file is no picture for a slate, worded for whoever sent it. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

/** Bytes of a PNG chunk besides its data: length, type and CRC. */
const CHUNK_BYTES = 12;
/** A picture that is narrower would have no pixels in a small rendition. */
const MAX_ASPECT = 20;
const IHDR_BYTES = 13;
/** A progressive JPEG has about ten. Each of them is decoded over the whole picture, so thousands would take minutes. */
const MAX_SCANS = 100;
const MARKER = { startOfScan: 0xda, end: 0xd9 } as const;
/** Baseline, extended and progressive DCT (ITU-T T.81, table B.1). FFmpeg has no decoder for the rest, or a rarely used one. */
const KNOWN_FRAMES = [0xc0, 0xc1, 0xc2];
const OTHER_FRAMES = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
/** They have neither a length nor data (ITU-T T.81, table B.1): TEM, and RST0 to RST7. */
const hasNoLength = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

/**
 * Reads a PNG or a baseline or progressive JPEG, without decoding it. Reads each byte once at most. Throws a PictureError for
 * everything else, for what is cut off, and for more pixels than a slate takes.
 */
export function readPictureHeader(bytes: Buffer): PictureHeader {
  const type = slateImageTypeOf(bytes);
  if (type === null) throw new PictureError('The picture is neither a PNG nor a JPEG.');
  const size = type === 'image/png' ? readPng(bytes) : readJpeg(bytes);
  const { width, height } = size;
  const most = SLATE_IMAGE_LIMITS.pixelsPerSide;
  if (width === 0 || height === 0) throw new PictureError('The picture has no pixels.');
  if (width > most || height > most)
    throw new PictureError(`The picture has ${width}x${height} pixels; ${most}x${most} are allowed.`);
  if (Math.max(width, height) > MAX_ASPECT * Math.min(width, height))
    throw new PictureError(`The picture is ${width}x${height}, which is too narrow to be seen.`);
  return { type, width, height };
}

type PixelSize = Pick<PictureHeader, 'width' | 'height'>;

/** PNG, third edition, 5.3 and 11.2: chunks from IHDR to IEND. */
function readPng(bytes: Buffer): PixelSize {
  let size: PixelSize | null = null;
  let hasData = false;
  for (let at = 8; at + CHUNK_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const kind = bytes.toString('latin1', at + 4, at + 8);
    const next = at + CHUNK_BYTES + length;
    if (next > bytes.length) throw cutOff();
    if ((kind === 'IHDR') !== (size === null) || (kind === 'IHDR' && length !== IHDR_BYTES)) throw damaged();
    size ??= { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) };
    hasData ||= kind === 'IDAT';
    if (kind === 'IEND' && next < bytes.length) throw new PictureError('There is something after the end of the PNG.');
    if (kind === 'IEND' && hasData) return size;
    at = next;
  }
  throw cutOff();
}

/** ITU-T T.81, annex B: marker segments up to the first scan, then scans. */
function readJpeg(bytes: Buffer): PixelSize {
  let size: PixelSize | null = null;
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) throw damaged();
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) at += 1;
    else if (hasNoLength(marker)) at += 2;
    else if (marker === MARKER.end) throw damaged();
    else {
      const next = at + 2 + bytes.readUInt16BE(at + 2);
      if (next > bytes.length) throw cutOff();
      if (OTHER_FRAMES.includes(marker))
        throw new PictureError('The JPEG is neither a baseline nor a progressive one.');
      if (KNOWN_FRAMES.includes(marker)) {
        if (size !== null) throw damaged();
        size = readFrameHeader(bytes.subarray(at + 4, next));
      }
      if (marker === MARKER.startOfScan) {
        if (size === null) throw damaged();
        requireScans(bytes.subarray(at));
        return size;
      }
      at = next;
    }
  }
  throw cutOff();
}

/** The frame header after its length: precision, height, width and number of components. */
function readFrameHeader(header: Buffer): PixelSize {
  if (header.length < 6) throw damaged();
  const components = header.readUInt8(5);
  if (header.readUInt8(0) !== 8) throw new PictureError('The JPEG does not have 8 bits for each colour.');
  if (components !== 1 && components !== 3)
    throw new PictureError('The JPEG is not RGB or grey. Save it as RGB, or as a PNG.');
  return { width: header.readUInt16BE(3), height: header.readUInt16BE(1) };
}

/** Within a scan, 0xff is only followed by 0 or a marker, so the scans and the end can be found without decoding. */
function requireScans(scans: Buffer): void {
  let count = 0;
  let hasEnd = false;
  for (let at = scans.indexOf(0xff); at >= 0; at = scans.indexOf(0xff, at + 1)) {
    const marker = scans[at + 1];
    if (marker === MARKER.startOfScan) count += 1;
    hasEnd ||= marker === MARKER.end;
  }
  if (count > MAX_SCANS) throw new PictureError(`The JPEG has ${count} scans; ${MAX_SCANS} are allowed.`);
  if (!hasEnd) throw cutOff();
}

const cutOff = (): PictureError => new PictureError('The picture is cut off.');
const damaged = (): PictureError => new PictureError('The picture is damaged.');
