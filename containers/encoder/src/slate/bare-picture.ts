import type { SlateImage } from '#domain/slate-images.ts';

/** The chunks that the pixels of a PNG need (PNG, third edition, 5.6). */
const PNG_CHUNKS = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
const PNG_SIGNATURE_BYTES = 8;
/** Bytes of a PNG chunk besides its data: length, type and CRC. */
const CHUNK_BYTES = 12;

/** Markers of JPEG (ITU-T T.81, table B.1). */
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;
/** Comments, and what applications add. JFIF (APP0) and Adobe (APP14) say how colours are coded. */
const isExtra = (marker: number): boolean => marker === 0xfe || (marker >= 0xe1 && marker <= 0xef && marker !== 0xee);

/**
 * A picture without all that its pixels do not need. A stranger's PNG of 300 KB can have texts and colour profiles for which FFmpeg
 * takes 2 GB, and the Exif data of a JPEG can keep it busy for minutes. Throws a RangeError if the picture is cut off.
 */
export function barePicture({ type, data }: SlateImage): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat(type === 'image/png' ? barePng(bytes) : bareJpeg(bytes));
}

function barePng(bytes: Buffer): Buffer[] {
  const kept = [bytes.subarray(0, PNG_SIGNATURE_BYTES)];
  for (let at = PNG_SIGNATURE_BYTES; at < bytes.length; ) {
    const next = at + CHUNK_BYTES + bytes.readUInt32BE(at);
    if (PNG_CHUNKS.includes(bytes.toString('latin1', at + 4, at + 8))) kept.push(bytes.subarray(at, next));
    at = next;
  }
  return kept;
}

function bareJpeg(bytes: Buffer): Buffer[] {
  const kept = [bytes.subarray(0, 2)];
  for (let at = 2; ; ) {
    const marker = bytes.readUInt8(at + 1);
    if (bytes.readUInt8(at) !== 0xff) throw new RangeError('the JPEG has no marker where one must be');
    if (marker === END_OF_IMAGE) return [...kept, bytes.subarray(at, at + 2)];
    const next = marker === START_OF_SCAN ? scanEnd(bytes, at) : segmentEnd(bytes, at, marker);
    if (!isExtra(marker)) kept.push(bytes.subarray(at, next));
    at = next;
  }
}

/** Fill bytes, and the markers without a length, are a byte or two. */
function segmentEnd(bytes: Buffer, at: number, marker: number): number {
  if (marker === 0xff) return at + 1;
  return marker === 0x01 || isRestart(marker) ? at + 2 : at + 2 + bytes.readUInt16BE(at + 2);
}

/** Within a scan, 0xff is followed by 0 or a restart marker; anything else is the next marker. */
function scanEnd(bytes: Buffer, at: number): number {
  for (let end = at + 2 + bytes.readUInt16BE(at + 2); ; end += 2) {
    end = bytes.indexOf(0xff, end);
    const marker = end < 0 ? undefined : bytes[end + 1];
    if (marker === undefined) throw new RangeError('the JPEG is cut off');
    if (marker !== 0 && !isRestart(marker)) return end;
  }
}
