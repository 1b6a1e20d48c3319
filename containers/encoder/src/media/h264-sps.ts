import { BitReader } from './bit-reader.ts';
import {
  type DisplayInformation,
  PLAIN_DISPLAY,
  readDisplayInformation,
  removeEmulationPrevention,
  type SequenceParameters,
} from './sequence-parameters.ts';
import { isPictureSide } from './source-description.ts';

/** Profiles whose SPS has the chroma and scaling fields (ITU-T H.264, 7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const SPS_NAL_TYPE = 7;
const MACROBLOCK_PIXELS = 16;

/** Parses a sequence parameter set NAL unit (without start code; ITU-T H.264, 7.3.2.1.1); null if it is damaged. */
export function parseH264Sps(nalUnit: Uint8Array): SequenceParameters | null {
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
  const frame = readFrame(bits, chromaArrayType);
  if (bits.exhausted || !isPictureSide(frame.width) || !isPictureSide(frame.height)) return null;
  const vui = bits.readFlag() ? readVui(bits) : PLAIN_VUI;
  return { ...frame, ...(bits.exhausted ? PLAIN_VUI : vui) };
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

type Frame = Pick<SequenceParameters, 'width' | 'height' | 'isInterlaced'>;

function readFrame(bits: BitReader, chromaArrayType: number): Frame {
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
  return { width, height, isInterlaced: fieldsPerMapUnit === 2 };
}

type Vui = DisplayInformation & Pick<SequenceParameters, 'frameRate'>;

const PLAIN_VUI: Vui = { ...PLAIN_DISPLAY, frameRate: null };

/** Reads the VUI (ITU-T H.264, E.1.1) up to and including its timing. */
function readVui(bits: BitReader): Vui {
  const display = readDisplayInformation(bits);
  if (!bits.readFlag()) return { ...display, frameRate: null };
  const unitsInTick = bits.readBits(32);
  const timeScale = bits.readBits(32);
  const frameRate = unitsInTick === 0 || timeScale === 0 ? null : timeScale / (2 * unitsInTick); // a tick is a field
  return { ...display, frameRate };
}
