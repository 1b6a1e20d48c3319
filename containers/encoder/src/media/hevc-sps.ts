import { BitReader } from './bit-reader.ts';
import {
  type DisplayInformation,
  PLAIN_DISPLAY,
  readDisplayInformation,
  removeEmulationPrevention,
  type SequenceParameters,
} from './sequence-parameters.ts';
import { isPictureSide } from './source-description.ts';

const SPS_NAL_TYPE = 33;
const NAL_HEADER_BYTES = 2;
/** In an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1.2). */
const ARRAY_COUNT_OFFSET = 22;
const MAX_SUB_LAYERS = 7;
const PROFILE_BITS = 88;
const LEVEL_BITS = 8;
/** The most that the standard allows of each (ITU-T H.265, 7.4.3.2.1 and 7.4.8). */
const MAX_SHORT_TERM_SETS = 64;
const MAX_SET_PICTURES = 16;
const MAX_LONG_TERM_PICTURES = 32;
const MAX_ORDER_COUNT_BITS = 16;

/** The first sequence parameter set of an HEVCDecoderConfigurationRecord; null if it has none that is intact. */
export function parseHevcConfig(record: Buffer): SequenceParameters | null {
  let offset = ARRAY_COUNT_OFFSET + 1;
  for (let arrays = record[ARRAY_COUNT_OFFSET] ?? 0; arrays > 0 && offset + 3 <= record.length; arrays--) {
    const nalType = (record[offset] ?? 0) & 0x3f;
    let units = record.readUInt16BE(offset + 1);
    offset += 3;
    for (; units > 0 && offset + 2 <= record.length; units--) {
      const end = offset + 2 + record.readUInt16BE(offset);
      if (nalType === SPS_NAL_TYPE) return parseHevcSps(record.subarray(offset + 2, end));
      offset = end;
    }
  }
  return null;
}

/** Parses a sequence parameter set NAL unit (without start code; ITU-T H.265, 7.3.2.2); null if it is damaged. */
export function parseHevcSps(nalUnit: Uint8Array): SequenceParameters | null {
  if ((((nalUnit[0] ?? 0) >> 1) & 0x3f) !== SPS_NAL_TYPE) return null;
  const bits = new BitReader(removeEmulationPrevention(nalUnit.subarray(NAL_HEADER_BYTES)));
  bits.readBits(4); // sps_video_parameter_set_id
  const subLayers = bits.readBits(3); // sps_max_sub_layers_minus1
  if (subLayers >= MAX_SUB_LAYERS) return null;
  bits.readFlag(); // sps_temporal_id_nesting_flag
  skipProfiles(bits, subLayers);
  bits.readUnsignedGolomb(); // sps_seq_parameter_set_id
  const size = readSize(bits);
  if (bits.exhausted || !isPictureSide(size.width) || !isPictureSide(size.height)) return null;
  const vui = skipToVui(bits, subLayers) && bits.readFlag() ? readVui(bits) : PLAIN_VUI;
  return { ...size, ...(bits.exhausted ? PLAIN_VUI : vui) };
}

/** `profile_tier_level(1, subLayers)` (7.3.3). */
function skipProfiles(bits: BitReader, subLayers: number): void {
  bits.skip(PROFILE_BITS + LEVEL_BITS);
  const present = Array.from({ length: subLayers }, () => ({ profile: bits.readFlag(), level: bits.readFlag() }));
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) bits.skip((profile ? PROFILE_BITS : 0) + (level ? LEVEL_BITS : 0));
}

/** The picture size within the conformance window. */
function readSize(bits: BitReader): Pick<SequenceParameters, 'width' | 'height'> {
  const chromaFormat = bits.readUnsignedGolomb();
  const hasSeparatePlanes = chromaFormat === 3 && bits.readFlag();
  const cropUnitX = !hasSeparatePlanes && (chromaFormat === 1 || chromaFormat === 2) ? 2 : 1;
  const cropUnitY = chromaFormat === 1 ? 2 : 1;
  let width = bits.readUnsignedGolomb();
  let height = bits.readUnsignedGolomb();
  if (bits.readFlag()) {
    width -= cropUnitX * (bits.readUnsignedGolomb() + bits.readUnsignedGolomb());
    height -= cropUnitY * (bits.readUnsignedGolomb() + bits.readUnsignedGolomb());
  }
  return { width, height };
}

/** Skips what is between the size and `vui_parameters_present_flag`. Returns false if a count is impossible. */
function skipToVui(bits: BitReader, subLayers: number): boolean {
  skipGolombs(bits, 2); // bit depths
  const orderCountBits = bits.readUnsignedGolomb() + 4;
  const orderings = bits.readFlag() ? subLayers + 1 : 1;
  skipGolombs(bits, 3 * orderings);
  skipGolombs(bits, 6); // block sizes and transform depths
  if (bits.readFlag() && bits.readFlag()) skipScalingLists(bits);
  bits.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.readFlag()) {
    bits.skip(8); // PCM bit depths
    skipGolombs(bits, 2);
    bits.skip(1); // pcm_loop_filter_disabled_flag
  }
  if (orderCountBits > MAX_ORDER_COUNT_BITS || !skipShortTermSets(bits)) return false;
  if (bits.readFlag()) {
    const pictures = bits.readUnsignedGolomb();
    if (pictures > MAX_LONG_TERM_PICTURES) return false;
    bits.skip(pictures * (orderCountBits + 1));
  }
  bits.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
  return !bits.exhausted;
}

/** `scaling_list_data()` (7.3.4). */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      // Either a reference to another list, or its coefficients, after a DC coefficient for large ones.
      skipGolombs(bits, bits.readFlag() ? Math.min(64, 16 << (2 * size)) + (size > 1 ? 1 : 0) : 1);
    }
  }
}

/** All `st_ref_pic_set(index)` (7.3.7). Returns false if a count is impossible. */
function skipShortTermSets(bits: BitReader): boolean {
  const sets = bits.readUnsignedGolomb();
  if (sets > MAX_SHORT_TERM_SETS) return false;
  let pictures = 0;
  for (let index = 0; index < sets; index++) {
    const isPredicted = index > 0 && bits.readFlag();
    pictures = isPredicted ? readPredictedSet(bits, pictures) : readOwnSet(bits);
    if (pictures > MAX_SET_PICTURES) return false;
  }
  return true;
}

/** Returns how many pictures are in a set that is predicted from one with `predictedFrom` pictures. */
function readPredictedSet(bits: BitReader, predictedFrom: number): number {
  bits.readFlag(); // delta_rps_sign
  bits.readUnsignedGolomb(); // abs_delta_rps_minus1
  let pictures = 0;
  for (let index = 0; index <= predictedFrom; index++) {
    const isUsedNow = bits.readFlag();
    if (isUsedNow || bits.readFlag()) pictures++;
  }
  return pictures;
}

function readOwnSet(bits: BitReader): number {
  const pictures = bits.readUnsignedGolomb() + bits.readUnsignedGolomb();
  if (pictures > MAX_SET_PICTURES) return pictures;
  for (let index = 0; index < pictures; index++) {
    bits.readUnsignedGolomb(); // delta_poc_minus1
    bits.readFlag(); // used_by_curr_pic_flag
  }
  return pictures;
}

function skipGolombs(bits: BitReader, count: number): void {
  for (let index = 0; index < count; index++) bits.readUnsignedGolomb();
}

type HevcVui = DisplayInformation & Pick<SequenceParameters, 'isInterlaced' | 'frameRate'>;

/** FFmpeg puts out each field of HEVC as a picture, so no picture of HEVC has two fields. */
const PLAIN_VUI: HevcVui = { ...PLAIN_DISPLAY, isInterlaced: false, frameRate: null };

/** Reads the VUI (E.2.1) up to and including its timing. */
function readVui(bits: BitReader): HevcVui {
  const display = readDisplayInformation(bits);
  bits.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  if (bits.readFlag()) skipGolombs(bits, 4); // default display window
  if (!bits.readFlag()) return { ...PLAIN_VUI, ...display };
  const unitsInTick = bits.readBits(32);
  const timeScale = bits.readBits(32);
  return { ...PLAIN_VUI, ...display, frameRate: unitsInTick === 0 || timeScale === 0 ? null : timeScale / unitsInTick };
}
