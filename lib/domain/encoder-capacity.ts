import { LADDER_NAMES, type LadderName, RUNGS, sourceRungs } from './ladders.ts';
import { BASE_CODEC, DEFAULT_CODECS, type ExtraCodec, type VideoCodec } from './video-codecs.ts';

/** Architectures that tasks run on, by Node.js's names. */
export type Architecture = 'x64' | 'arm64';

/** vCPUs at 30 and at 60 frames per second. */
type AtBothRates = readonly [at30: number, at60: number];

interface PictureCost {
  /** Encoding every rung from this one down, with the scaling between them, and the sound. */
  readonly encode: AtBothRates;
  /** Decoding a source of this size. */
  readonly decode: AtBothRates;
  /** Scaling a source of this size down to the next rung. */
  readonly downscale: AtBothRates;
}

/**
 * FFmpeg's CPU time for each second of media, by `npm run bench -- --only capacity`: x86 with AVX-512, FFmpeg 5.1, sources at
 * one and a half times the bitrate of their rung. The machine had other load, with up to five threads for each core. Each
 * value is the mean of two runs, rounded up: in one, it was the middle one of three measurements; in the other, the least. The
 * two are up to half apart, because other load takes a core's caches; a full task is between them.
 */
const PICTURE_COSTS = {
  '360p': { encode: [0.12, 0.17], decode: [0.05, 0.07], downscale: [0.01, 0.02] },
  '480p': { encode: [0.3, 0.49], decode: [0.06, 0.09], downscale: [0.02, 0.03] },
  '720p': { encode: [0.7, 1.11], decode: [0.15, 0.15], downscale: [0.04, 0.06] },
  '1080p': { encode: [1.53, 2.6], decode: [0.24, 0.33], downscale: [0.06, 0.09] },
  '1440p': { encode: [2.84, 4.63], decode: [0.36, 0.4], downscale: [0.1, 0.23] },
  '2160p': { encode: [6.5, 9.75], decode: [0.67, 0.82], downscale: [0.24, 0.4] },
} as const satisfies Record<LadderName, PictureCost>;

/**
 * What a rung takes in another codec, for each vCPU that it takes in H.264: x265 and libaom at our settings and bitrates, measured beside x264
 * on two clips with motion and grain (FFmpeg 5.1, x265 3.5, libaom 3.6, x86 with AVX-512): HEVC at 360p30 to 1080p30, AV1 at 360p30 and
 * 720p30. The machine had much other load: single pairs of measurements gave 2.5 to 4.2 for HEVC, and 2.2 to 3.7 for AV1.
 */
const EXTRA_CODEC_COSTS = { hevc: 3.7, av1: 3 } as const satisfies Record<ExtraCodec, number>;

/**
 * vCPUs of an architecture for one of the table's.
 *
 * AWS measured 29 % less cost for H.264 on C7g (Graviton3) than on C6i (Intel, one generation before the measured machine),
 * with several outputs at once and the NEON code that FFmpeg has from 6.0 on ("Optimized Video Encoding with FFmpeg on AWS
 * Graviton Processors"). C7g is about 15 % cheaper, so one of its vCPUs does 1.2 times the work of one of C6i. AWS says that
 * Graviton3 does 25 % more than Graviton2, and Fargate promises no generation. With 15 % assumed between the two of Intel,
 * this is the ratio for Graviton2: 1.15 * 1.25 / 1.2. On Graviton3, tasks have a fifth to spare. It
 * has not been measured on Fargate.
 */
const VCPUS_PER_TABLE_VCPU = { x64: 1, arm64: 1.2 } as const satisfies Record<Architecture, number>;

/**
 * GiB that one broadcast takes, by its best rung. This is an estimate, not a measurement. It leaves room for the media in the
 * playlists, the publisher's tags and FFmpeg's frames.
 */
const STREAM_MEMORY_GIB = {
  '360p': 0.25,
  '480p': 0.3,
  '720p': 0.4,
  '1080p': 0.6,
  '1440p': 0.9,
  '2160p': 1.8,
} as const satisfies Record<LadderName, number>;

/** How much memory each further codec of a broadcast takes for each byte of one in H.264 alone. An estimate, too. */
const EXTRA_CODEC_MEMORY = 0.6;

/** vCPUs and GiB of a task that Node.js and the container itself take. */
const TASK_OVERHEAD = { vCpus: 0.1, memoryGib: 0.25 } as const;

/**
 * GiB of memory behind each vCPU of a task's room. Every size of Fargate has at least 2 GiB a vCPU, less the overhead. So a
 * stream that takes little CPU counts as the vCPUs whose memory it takes, and room in vCPUs is enough to bound memory too.
 */
const GIB_PER_VCPU = 1.9;

/** How long a task may take to stop. Fargate allows no more. */
export const MAX_STOP_TIMEOUT_SECONDS = 120;

/** The most room that a task may have. Fargate's largest size has 16 vCPUs; other machines may have more. */
export const MAX_CAPACITY_VCPUS = 256;

/**
 * CPU seconds for each million pixels that are mapped from a high dynamic range to a standard one: 37 ms a picture of 1080p, 13 ms
 * of 720p (FFmpeg 5.1, x86 with AVX-512).
 */
const TONE_MAPPING_SECONDS = 0.018;

const UNKNOWN_FRAME_RATE = 30;
/** FFmpeg encodes no more frames than this, whatever the source has. */
const MAX_ENCODED_FRAME_RATE = 60;
const WIDESCREEN = 16 / 9;
const LOWEST_RUNG = RUNGS[5];

/** What is known of a source's picture. */
export interface SourcePicture {
  readonly width: number;
  readonly height: number;
  /** Frames per second; null if unknown. */
  readonly frameRate: number | null;
  /** The picture has a high dynamic range, and viewers get a standard one. Missing means that it has not. */
  readonly isToneMapped?: boolean;
}

export interface PublishCost {
  readonly ladder: LadderName;
  /**
   * Null for a source without a picture. If it is left out, the source is not known yet, as when a publish is authorised.
   * Then it is taken for one of the ladder's own height at 30 fps, which is what most publishers send. Twice as much, for
   * 60 fps, would keep half of each task empty for them.
   */
  readonly source?: SourcePicture | null | undefined;
  /** @default H.264 alone */
  readonly codecs?: readonly VideoCodec[] | undefined;
  readonly architecture: Architecture;
}

/** A rung that is encoded. */
export interface EncodedRung {
  readonly name: LadderName;
  /** @default 'h264' */
  readonly codec?: VideoCodec;
  /** Of so many of the source's frames, one is encoded. */
  readonly frameStep: number;
}

export interface EncodingCost {
  /** Those in H.264 first, and of each codec the best first. */
  readonly rungs: readonly EncodedRung[];
  /** Null for a source without a picture. */
  readonly source: SourcePicture | null;
  readonly architecture: Architecture;
}

/** The vCPUs that a publish takes if every rung that its source gives is encoded. Whole thousandths, rounded up. */
export function publishVCpus({ ladder, source, codecs = DEFAULT_CODECS, architecture }: PublishCost): number {
  const picture = source === undefined ? pictureOf(ladder) : source;
  const names = picture === null ? [] : sourceRungs(ladder, shortSideOf(picture)).map(({ name }) => name);
  const rungs = codecs.flatMap((codec) => names.map((name) => ({ name, codec, frameStep: 1 })));
  return encodingVCpus({ rungs, source: picture, architecture });
}

/**
 * The vCPUs that it takes to decode a source, at its frame rate, and to encode some rungs of it. Whole thousandths,
 * rounded up.
 */
export function encodingVCpus({ rungs, source, architecture }: EncodingCost): number {
  const best = rungs[0]?.name ?? LOWEST_RUNG.name;
  const tableVCpus =
    source === null ? 0 : decodeVCpus(best, source) + toneMappingVCpus(best, source) + encodeVCpus(rungs, source);
  const extraCodecs = new Set(rungs.flatMap(({ codec = BASE_CODEC }) => (codec === BASE_CODEC ? [] : [codec])));
  const memoryGib = STREAM_MEMORY_GIB[best] * (1 + extraCodecs.size * EXTRA_CODEC_MEMORY);
  const vCpus = Math.max(tableVCpus * VCPUS_PER_TABLE_VCPU[architecture], memoryGib / GIB_PER_VCPU);
  // Less a little, because 0.1 + 0.2 is more than 0.3.
  return Math.ceil(vCpus * 1000 - 1e-6) / 1000;
}

/** The room of a task of a certain size, in vCPUs: what broadcasts may take of it. */
export function taskCapacityVCpus(task: { readonly vCpus: number; readonly memoryGib: number }): number {
  const byMemory = (task.memoryGib - TASK_OVERHEAD.memoryGib) / GIB_PER_VCPU;
  return Math.max(0, Math.floor(Math.min(task.vCpus - TASK_OVERHEAD.vCpus, byMemory) * 1000 + 1e-6) / 1000);
}

function decodeVCpus(best: LadderName, source: SourcePicture): number {
  const pixels = source.width * source.height;
  // The smallest picture in the table that is not smaller: small ones cost more for each pixel. 854 is a pixel too wide.
  const size = RUNGS.findLast((rung) => pixelsOf(rung) * 1.01 >= pixels) ?? RUNGS[0];
  const { decode, downscale } = PICTURE_COSTS[size.name];
  const frameRate = source.frameRate ?? UNKNOWN_FRAME_RATE;
  const isScaled = shortSideOf(source) > rungOf(best).shortSide;
  const scaling = isScaled ? atRate(downscale, Math.min(frameRate, MAX_ENCODED_FRAME_RATE)) : 0;
  return (atRate(decode, frameRate) + scaling) * (pixels / pixelsOf(size));
}

/** Pictures are mapped when they have the size of the best rung. */
function toneMappingVCpus(best: LadderName, source: SourcePicture): number {
  if (!source.isToneMapped) return 0;
  const pixels = source.width * source.height * Math.min(1, rungOf(best).shortSide / shortSideOf(source)) ** 2;
  return (pixels / 1e6) * TONE_MAPPING_SECONDS * (source.frameRate ?? UNKNOWN_FRAME_RATE);
}

function encodeVCpus(rungs: readonly EncodedRung[], source: SourcePicture): number {
  const frameRate = Math.min(source.frameRate ?? UNKNOWN_FRAME_RATE, MAX_ENCODED_FRAME_RATE);
  const aspect = Math.max(source.width, source.height) / shortSideOf(source);
  const widescreenVCpus = rungs.reduce((sum, { name, codec = BASE_CODEC, frameStep }) => {
    // A source below all rungs keeps its own size.
    const shortSideShare = Math.min(1, shortSideOf(source) / rungOf(name).shortSide);
    return sum + rungVCpus(name, codec, frameRate / frameStep) * shortSideShare ** 2;
  }, 0);
  return widescreenVCpus * (aspect / WIDESCREEN);
}

/** What a rung adds to those below it. */
function rungVCpus(name: LadderName, codec: VideoCodec, frameRate: number): number {
  const below = RUNGS[LADDER_NAMES.indexOf(name) + 1];
  const belowVCpus = below === undefined ? 0 : atRate(PICTURE_COSTS[below.name].encode, frameRate);
  const inH264 = atRate(PICTURE_COSTS[name].encode, frameRate) - belowVCpus;
  return codec === BASE_CODEC ? inH264 : inH264 * EXTRA_CODEC_COSTS[codec];
}

/** In proportion to the rate up to 30 frames per second. Beyond that, on the line through both measured rates. */
function atRate([at30, at60]: AtBothRates, frameRate: number): number {
  return frameRate <= 30 ? (at30 * frameRate) / 30 : at30 + ((at60 - at30) * (frameRate - 30)) / 30;
}

const rungOf = (name: LadderName) => RUNGS.find((rung) => rung.name === name) ?? LOWEST_RUNG;

const shortSideOf = ({ width, height }: SourcePicture): number => Math.min(width, height);

const pixelsOf = ({ shortSide }: { readonly shortSide: number }): number => shortSide ** 2 * WIDESCREEN;

/** A widescreen source of the ladder's own height. */
function pictureOf(ladder: LadderName): SourcePicture {
  const { shortSide } = sourceRungs(ladder, Number.POSITIVE_INFINITY)[0] ?? LOWEST_RUNG;
  return { width: shortSide * WIDESCREEN, height: shortSide, frameRate: UNKNOWN_FRAME_RATE };
}
