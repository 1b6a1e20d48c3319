import { BitReader } from './bit-reader.ts';

/** Samples per channel in one AAC-LC frame (ISO/IEC 14496-3). */
export const AAC_FRAME_SAMPLES = 1024;

/** The audio that an AAC decoder puts out. */
export interface AacConfig {
  readonly sampleRateHz: number;
  readonly channels: number;
}

/** ISO/IEC 14496-3, table 1.18. Higher indices are reserved. */
const SAMPLE_RATES_HZ = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
] as const;
const EXPLICIT_SAMPLE_RATE = 15;
/** ISO/IEC 14496-3, table 1.19. Configuration 0 (a program config element lists the channels) counts as stereo. */
const CHANNELS_BY_CONFIGURATION: readonly (number | undefined)[] = [
  2,
  1,
  2,
  3,
  4,
  5,
  6,
  8,
  undefined,
  undefined,
  undefined,
  7,
  8,
  undefined,
  8,
];
const ESCAPED_OBJECT_TYPE = 31;
const SPECTRAL_BAND_REPLICATION = 5;
const PARAMETRIC_STEREO = 29;

/** Where the AudioSpecificConfig starts in the payload of an FLV audio tag. */
export const AAC_CONFIG_OFFSET = 2;

/** Parses an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1); null if it is damaged or reserved. */
export function parseAacConfig(config: Uint8Array): AacConfig | null {
  const bits = new BitReader(config);
  const objectType = readAacObjectType(bits);
  const coreSampleRateHz = readAacSampleRateHz(bits);
  const channels = CHANNELS_BY_CONFIGURATION[bits.readBits(4)];
  const doublesRate = objectType === SPECTRAL_BAND_REPLICATION || objectType === PARAMETRIC_STEREO;
  const sampleRateHz = doublesRate ? readAacSampleRateHz(bits) : coreSampleRateHz;
  if (bits.exhausted || objectType === 0 || sampleRateHz === null || channels === undefined) return null;
  return { sampleRateHz, channels: objectType === PARAMETRIC_STEREO ? 2 : channels };
}

/** Reads an audio object type (1.6.2.1). */
export function readAacObjectType(bits: BitReader): number {
  const objectType = bits.readBits(5);
  return objectType === ESCAPED_OBJECT_TYPE ? 32 + bits.readBits(6) : objectType;
}

/** Reads a sample rate (1.6.2.1); null if it is reserved. */
export function readAacSampleRateHz(bits: BitReader): number | null {
  const index = bits.readBits(4);
  if (index !== EXPLICIT_SAMPLE_RATE) return SAMPLE_RATES_HZ[index] ?? null;
  const sampleRateHz = bits.readBits(24);
  return sampleRateHz >= SAMPLE_RATES_HZ[12] && sampleRateHz <= SAMPLE_RATES_HZ[0] ? sampleRateHz : null;
}
