import { ENHANCED_CODECS } from './enhanced-codecs.ts';
import {
  AVC_CODEC_ID,
  FIRST_V2_PACKET_TYPE,
  type FlvTag,
  isVideoSequenceHeader,
  readVideoTagHeader,
} from './flv-tag.ts';
import { parseH264Sps } from './h264-sps.ts';
import type { ScriptMetadata } from './script-metadata.ts';
import { UnsupportedSourceError } from './unsupported-source-error.ts';

export interface SourceVideo {
  readonly codec: 'h264' | 'hevc' | 'av1' | 'vp9';
  /** Pixels as displayed. */
  readonly width: number;
  readonly height: number;
  /** Frames a second; null where neither the headers nor the first tags tell. */
  readonly frameRate: number | null;
}

const CODEC_BY_FOURCC: ReadonlyMap<string, SourceVideo['codec']> = new Map(
  ENHANCED_CODECS.map(({ fourCc, codec }) => [fourCc, codec]),
);
/** FLV specification, table E.4.3.1. */
const LEGACY_CODEC_NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'Sorenson H.263'],
  [3, 'Screen video'],
  [4, 'VP6'],
  [5, 'VP6 with alpha'],
  [6, 'Screen video 2'],
]);
const COMMAND_FRAME = 5;
/** Offset of the AVCDecoderConfigurationRecord in a tag's body (ISO/IEC 14496-15, 5.3.3.1), and of its first SPS. */
const AVC_CONFIG_OFFSET = 5;
const SPS_COUNT_OFFSET = AVC_CONFIG_OFFSET + 5;

const MAX_FRAME_RATE = 240;
const MAX_SIDE_PIXELS = 16_384;
const MEASURED_FRAMES = 11;
const MEASURED_MS = 1_000;

/** What the headers say; Enhanced RTMP codecs have their size in the metadata only. */
interface VideoConfig {
  readonly codec: SourceVideo['codec'];
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly frameRate: number | null;
}

/** Learns a source's video from its first tags. */
export class VideoProbe {
  #seen = false;
  #config: VideoConfig | null = null;
  #firstFrameMs: number | null = null;
  #spanMs = 0;
  #measuredFrames = 0;

  /** Whether any video was sent. */
  get seen(): boolean {
    return this.#seen;
  }

  /** Returns whether the tag is a coded picture; throws UnsupportedSourceError. */
  add(tag: FlvTag): boolean {
    const header = readVideoTagHeader(tag.payload);
    if (header === null || header.frameType === COMMAND_FRAME) return false;
    this.#seen = true;
    if (header.enhanced) this.#config = readEnhancedConfig(tag.payload, header.low);
    else if (header.low !== AVC_CODEC_ID) throw unsupportedLegacyCodec(header.low);
    else if (isVideoSequenceHeader(tag)) this.#config = readAvcConfig(tag.payload);
    const isPicture = header.enhanced ? header.low === 1 || header.low === 3 : tag.payload[1] === 1;
    if (isPicture) this.#measure(tag.timestampMs);
    return isPicture;
  }

  /** Null until known. */
  describe(metadata: ScriptMetadata | null): SourceVideo | null {
    if (this.#config === null) return null;
    const size = this.#config.size ?? readSize(metadata);
    if (size === null) return null;
    const told = [metadata?.get('framerate'), this.#config.frameRate].find(isSaneFrameRate);
    if (told === undefined && !this.#isMeasured()) return null;
    return { codec: this.#config.codec, ...size, frameRate: told ?? this.#measuredFrameRate() };
  }

  #measure(timestampMs: number): void {
    this.#firstFrameMs ??= timestampMs;
    if (this.#isMeasured()) return;
    this.#measuredFrames++;
    this.#spanMs = Math.max(this.#spanMs, (timestampMs - this.#firstFrameMs) | 0);
  }

  #isMeasured(): boolean {
    return this.#measuredFrames >= MEASURED_FRAMES || this.#spanMs >= MEASURED_MS;
  }

  /** Rounded, as times in whole milliseconds do not tell 29.97 from 30. */
  #measuredFrameRate(): number | null {
    const frameRate = Math.round((1000 * (this.#measuredFrames - 1)) / this.#spanMs);
    return isSaneFrameRate(frameRate) ? frameRate : null;
  }
}

function readAvcConfig(payload: Buffer): VideoConfig {
  const spsCount = (payload[SPS_COUNT_OFFSET] ?? 0) & 0x1f;
  const lengthOffset = SPS_COUNT_OFFSET + 1;
  const spsOffset = lengthOffset + 2;
  if (spsCount > 0 && payload.length > spsOffset) {
    const sps = parseH264Sps(payload.subarray(spsOffset, spsOffset + payload.readUInt16BE(lengthOffset)));
    if (sps !== null)
      return { codec: 'h264', size: { width: sps.width, height: sps.height }, frameRate: sps.frameRate };
  }
  throw new UnsupportedSourceError('The H.264 sequence header is damaged');
}

function readEnhancedConfig(payload: Buffer, packetType: number): VideoConfig {
  if (packetType >= FIRST_V2_PACKET_TYPE) {
    throw new UnsupportedSourceError('Multitrack Enhanced RTMP is not supported; send one video track');
  }
  const fourCc = payload.toString('latin1', 1, 5);
  const codec = CODEC_BY_FOURCC.get(fourCc);
  if (codec !== undefined) return { codec, size: null, frameRate: null };
  const shown = fourCc.replace(/[^\x20-\x7e]/g, '?');
  throw new UnsupportedSourceError(`Video codec "${shown}" is not supported; send H.264`);
}

function unsupportedLegacyCodec(id: number): UnsupportedSourceError {
  const name = LEGACY_CODEC_NAMES.get(id) ?? `number ${id}`;
  return new UnsupportedSourceError(`Video codec ${name} is not supported; send H.264`);
}

function readSize(metadata: ScriptMetadata | null): VideoConfig['size'] {
  const width = metadata?.get('width');
  const height = metadata?.get('height');
  return isSaneSide(width) && isSaneSide(height) ? { width, height } : null;
}

function isSaneFrameRate(value: unknown): value is number {
  return typeof value === 'number' && value >= 1 && value <= MAX_FRAME_RATE;
}

function isSaneSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_SIDE_PIXELS;
}
