import type { BitReader } from './bit-reader.ts';
import type { HdrTransfer } from './source-description.ts';

/** Width of a pixel relative to its height. */
export interface PixelAspect {
  readonly width: number;
  readonly height: number;
}

/** What the video usability information says about the display of pictures. */
export interface DisplayInformation {
  readonly pixelAspect: PixelAspect;
  /** Null for a standard dynamic range. */
  readonly hdr: HdrTransfer | null;
}

/** The pictures that a sequence parameter set of H.264 or HEVC describes. */
export interface SequenceParameters extends DisplayInformation {
  /** Pixels after cropping, not necessarily square. */
  readonly width: number;
  readonly height: number;
  /** Frames may consist of two fields that were taken one after the other. */
  readonly isInterlaced: boolean;
  /** Frames per second; null if the VUI has no timing. */
  readonly frameRate: number | null;
}

export const PLAIN_DISPLAY: DisplayInformation = { pixelAspect: { width: 1, height: 1 }, hdr: null };

/** ITU-T H.264, table E-1, and ITU-T H.265, table E.1; from aspect_ratio_idc 1 on. */
const PIXEL_ASPECTS = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
] as const;
const EXTENDED_SAR = 255;
/** No camera or encoder has pixels that are further from square. */
const MAX_PIXEL_ASPECT = 4;
/** A picture that was scaled to whole pixels, such as 854 x 480, often says that they are not quite square. Nobody sees it. */
const SQUARE_TOLERANCE = 0.02;
/** ITU-T H.273, table 3. */
const HDR_TRANSFERS: ReadonlyMap<number, HdrTransfer> = new Map([
  [16, 'pq'],
  [18, 'hlg'],
]);

/** Removes the 3 from every 0 0 3 (ITU-T H.264, 7.4.1; ITU-T H.265, 7.4.2). */
export function removeEmulationPrevention(payload: Uint8Array): Uint8Array {
  let zeros = 0;
  return payload.filter((byte) => {
    const isInserted = zeros >= 2 && byte === 3;
    zeros = byte === 0 ? zeros + 1 : 0;
    return !isInserted;
  });
}

/** Reads what the VUI of H.264 (E.1.1) and of HEVC (E.2.1) begin with: aspect, overscan, signal type and chroma location. */
export function readDisplayInformation(bits: BitReader): DisplayInformation {
  const pixelAspect = bits.readFlag() ? readPixelAspect(bits) : PLAIN_DISPLAY.pixelAspect;
  if (bits.readFlag()) bits.readFlag(); // overscan_appropriate_flag
  const hdr = bits.readFlag() ? readHdr(bits) : null;
  if (bits.readFlag()) {
    bits.readUnsignedGolomb(); // chroma_sample_loc_type_top_field
    bits.readUnsignedGolomb(); // chroma_sample_loc_type_bottom_field
  }
  return { pixelAspect, hdr };
}

/** The width of a picture in square pixels. Its height stays: players do the same, and it keeps all lines. */
export function displayWidth(width: number, { width: pixelWidth, height: pixelHeight }: PixelAspect): number {
  const aspect = pixelWidth / pixelHeight;
  return Math.abs(aspect - 1) < SQUARE_TOLERANCE ? width : Math.max(1, Math.round(width * aspect));
}

function readPixelAspect(bits: BitReader): PixelAspect {
  const index = bits.readBits(8);
  const [width, height] =
    index === EXTENDED_SAR ? [bits.readBits(16), bits.readBits(16)] : (PIXEL_ASPECTS[index - 1] ?? [1, 1]);
  const isPossible = width > 0 && height > 0 && Math.max(width / height, height / width) <= MAX_PIXEL_ASPECT;
  return isPossible ? { width, height } : PLAIN_DISPLAY.pixelAspect;
}

function readHdr(bits: BitReader): HdrTransfer | null {
  bits.readBits(4); // video_format, video_full_range_flag
  if (!bits.readFlag()) return null;
  bits.readBits(8); // colour_primaries
  const hdr = HDR_TRANSFERS.get(bits.readBits(8)) ?? null;
  bits.readBits(8); // matrix_coeffs
  return hdr;
}
