import { BitReader } from './bit-reader.ts';
import { isPictureSide } from './source-description.ts';

/** The picture that an H.264 sequence parameter set describes. */
export interface H264Sps {
  /** Pixels, cropped as displayed. */
  readonly width: number;
  readonly height: number;
  /** Frames per second according to the VUI; null if it has no timing. */
  readonly frameRate: number | null;
}

/** Profiles whose SPS has the chroma and scaling fields (ITU-T H.264, 7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const SPS_NAL_TYPE = 7;
const EXTENDED_SAR = 255;
const MACROBLOCK_PIXELS = 16;

/** Parses a sequence parameter set NAL unit (without start code; ITU-T H.264, 7.3.2.1.1); null if it is damaged. */
export function parseH264Sps(nalUnit: Uint8Array): H264Sps | null {
  if (((nalUnit[0] ?? 0) & 0x1f) !== SPS_NAL_TYPE) return null;
  const bits = new BitReader(removeEmulationPrevention(nalUnit.subarray(1)));
  const profile = bits.readBits(8);
  bits.readBits(16); // constraint flags, level
  bits.readUnsignedGolomb(); // seq_parameter_set_id
  const chromaArrayType = HIGH_PROFILES.has(profile) ? readHighProfileFields(bits) : 1;
  bits.readUnsignedGolomb(); // log2_max_frame_num_minus4
  skipPictureOrderCount(bits);
  bits.readUnsignedGolomb(); // max_num_ref_frames
  bits.readFlag(); // gaps_in_frame_num_value_allowed_flag
  const { width, height } = readSize(bits, chromaArrayType);
  if (bits.exhausted || !isPictureSide(width) || !isPictureSide(height)) return null;
  const frameRate = bits.readFlag() ? readVuiFrameRate(bits) : null;
  return { width, height, frameRate: bits.exhausted ? null : frameRate };
}

/** Removes the 3 from every 0 0 3 (ITU-T H.264, 7.4.1). */
function removeEmulationPrevention(payload: Uint8Array): Uint8Array {
  let zeros = 0;
  return payload.filter((byte) => {
    const isInserted = zeros >= 2 && byte === 3;
    zeros = byte === 0 ? zeros + 1 : 0;
    return !isInserted;
  });
}

/** Returns ChromaArrayType: 0 is monochrome or separate planes, 1 is 4:2:0, 2 is 4:2:2, 3 is 4:4:4. */
function readHighProfileFields(bits: BitReader): number {
  const chromaFormat = bits.readUnsignedGolomb();
  const hasSeparatePlanes = chromaFormat === 3 && bits.readFlag();
  bits.readUnsignedGolomb(); // bit_depth_luma_minus8
  bits.readUnsignedGolomb(); // bit_depth_chroma_minus8
  bits.readFlag(); // qpprime_y_zero_transform_bypass_flag
  if (bits.readFlag()) {
    const lists = chromaFormat === 3 ? 12 : 8;
    for (let list = 0; list < lists; list++) {
      if (bits.readFlag()) skipScalingList(bits, list < 6 ? 16 : 64);
    }
  }
  return hasSeparatePlanes ? 0 : chromaFormat;
}

/** ITU-T H.264, 7.3.2.1.1.1. */
function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  for (let index = 0; index < size; index++) {
    const next = (last + bits.readSignedGolomb() + 256) % 256;
    if (next === 0) return; // the rest repeats the last value and is not coded
    last = next;
  }
}

function skipPictureOrderCount(bits: BitReader): void {
  const type = bits.readUnsignedGolomb();
  if (type === 0) bits.readUnsignedGolomb(); // log2_max_pic_order_cnt_lsb_minus4
  if (type !== 1) return;
  bits.readFlag(); // delta_pic_order_always_zero_flag
  bits.readSignedGolomb(); // offset_for_non_ref_pic
  bits.readSignedGolomb(); // offset_for_top_to_bottom_field
  const cycle = Math.min(bits.readUnsignedGolomb(), 255); // the most that the standard allows
  for (let frame = 0; frame < cycle; frame++) bits.readSignedGolomb();
}

function readSize(bits: BitReader, chromaArrayType: number): { width: number; height: number } {
  const widthInMacroblocks = bits.readUnsignedGolomb() + 1;
  const heightInMapUnits = bits.readUnsignedGolomb() + 1;
  const fieldsPerMapUnit = bits.readFlag() ? 1 : 2; // frame_mbs_only_flag
  if (fieldsPerMapUnit === 2) bits.readFlag(); // mb_adaptive_frame_field_flag
  bits.readFlag(); // direct_8x8_inference_flag
  let width = widthInMacroblocks * MACROBLOCK_PIXELS;
  let height = heightInMapUnits * MACROBLOCK_PIXELS * fieldsPerMapUnit;
  if (bits.readFlag()) {
    const cropUnitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
    const cropUnitY = (chromaArrayType === 1 ? 2 : 1) * fieldsPerMapUnit;
    width -= cropUnitX * (bits.readUnsignedGolomb() + bits.readUnsignedGolomb());
    height -= cropUnitY * (bits.readUnsignedGolomb() + bits.readUnsignedGolomb());
  }
  return { width, height };
}

/** Reads the VUI (ITU-T H.264, E.1.1) up to and including its timing. */
function readVuiFrameRate(bits: BitReader): number | null {
  if (bits.readFlag() && bits.readBits(8) === EXTENDED_SAR) bits.readBits(32);
  if (bits.readFlag()) bits.readFlag(); // overscan_appropriate_flag
  if (bits.readFlag()) {
    bits.readBits(4); // video_format, video_full_range_flag
    if (bits.readFlag()) bits.readBits(24); // colour description
  }
  if (bits.readFlag()) {
    bits.readUnsignedGolomb(); // chroma_sample_loc_type_top_field
    bits.readUnsignedGolomb(); // chroma_sample_loc_type_bottom_field
  }
  if (!bits.readFlag()) return null;
  const unitsInTick = bits.readBits(32);
  const timeScale = bits.readBits(32);
  return unitsInTick === 0 || timeScale === 0 ? null : timeScale / (2 * unitsInTick); // a tick is a field
}
