import { ENHANCED_CODECS } from './enhanced-codecs.ts';
import { CODED_FRAMES, CODED_FRAMES_X, SEQUENCE_START } from './enhanced-tracks.ts';
import { AVC_CODEC_ID, type FlvTag, isVideoSequenceHeader, readVideoTagHeader } from './flv-tag.ts';
import { parseH264Sps } from './h264-sps.ts';
import { parseHevcConfig } from './hevc-sps.ts';
import type { ScriptMetadata } from './script-metadata.ts';
import { displayWidth, type SequenceParameters } from './sequence-parameters.ts';
import { isPictureSide, type SourceVideo, UnsupportedSourceError } from './source-description.ts';
import { SourceFrameRate } from './source-frame-rate.ts';

const CODEC_BY_FOURCC: ReadonlyMap<string, SourceVideo['codec']> = new Map(
  ENHANCED_CODECS.flatMap((known) => (known.kind === 'video' ? [[known.fourCc, known.codec]] : [])),
);
/** FLV specification, table E.4.3.1. */
const LEGACY_CODEC_NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'Sorenson H.263'],
  [3, 'Screen video'],
  [4, 'VP6'],
  [5, 'VP6 with alpha'],
  [6, 'Screen video 2'],
]);
const COMMAND_FRAME_TYPE = 5;
/**
 * Offsets in a tag's body: of the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1), and of its number of SPSs.
 */
const AVC_CONFIG_OFFSET = 5;
const SPS_COUNT_OFFSET = AVC_CONFIG_OFFSET + 5;

/** Before the body of a plain tag of Enhanced RTMP. */
const ENHANCED_HEADER_BYTES = 5;

const MAX_FRAME_RATE = 240;

type Picture = Pick<SourceVideo, 'width' | 'height' | 'decoded'>;

/** What the headers tell. For AV1 and VP9, only the metadata tells the size. */
interface VideoConfig {
  readonly codec: SourceVideo['codec'];
  readonly picture: Picture | null;
  readonly frameRate: number | null;
}

/** Derives a source's video format from its first plain tags. */
export class VideoProbe {
  #seen = false;
  #config: VideoConfig | null = null;
  readonly #frameRate = new SourceFrameRate();

  /** Whether any video came. */
  get seen(): boolean {
    return this.#seen;
  }

  /** Returns true if the tag is a video frame. Throws UnsupportedSourceError. */
  add(tag: FlvTag): boolean {
    const header = readVideoTagHeader(tag.payload);
    if (header === null || header.frameType === COMMAND_FRAME_TYPE) return false;
    this.#seen = true;
    if (header.enhanced) this.#onEnhanced(tag.payload, header.low);
    else if (header.low !== AVC_CODEC_ID) throw unsupportedLegacyCodec(header.low);
    else if (isVideoSequenceHeader(tag)) this.#config = readAvcConfig(tag.payload);
    const isFrame = header.enhanced ? header.low !== SEQUENCE_START : tag.payload[1] === 1;
    if (isFrame) this.#frameRate.add(tag.timestampMs);
    return isFrame;
  }

  /** Null until known. */
  describe(metadata: ScriptMetadata | null): SourceVideo | null {
    if (this.#config === null) return null;
    const picture = this.#config.picture ?? readSize(metadata);
    if (picture === null) return null;
    const declared = [metadata?.get('framerate'), this.#config.frameRate].find(isSaneFrameRate);
    const frameRate = this.#frameRate.choose(declared ?? null);
    return frameRate === undefined ? null : { codec: this.#config.codec, ...picture, frameRate };
  }

  /** Only the sequence header of HEVC describes its pictures. Other tags only show that the codec is known. */
  #onEnhanced(payload: Buffer, packetType: number): void {
    const config = readEnhancedConfig(payload, packetType);
    if (packetType === SEQUENCE_START || this.#config?.codec !== config.codec) this.#config = config;
  }
}

function readAvcConfig(payload: Buffer): VideoConfig {
  const spsCount = (payload[SPS_COUNT_OFFSET] ?? 0) & 0x1f;
  const lengthOffset = SPS_COUNT_OFFSET + 1;
  const spsOffset = lengthOffset + 2;
  if (spsCount > 0 && payload.length > spsOffset) {
    const sps = parseH264Sps(payload.subarray(spsOffset, spsOffset + payload.readUInt16BE(lengthOffset)));
    if (sps !== null) return { codec: 'h264', picture: toPicture(sps), frameRate: sps.frameRate };
  }
  throw new UnsupportedSourceError('The H.264 sequence header is damaged');
}

function readEnhancedConfig(payload: Buffer, packetType: number): VideoConfig {
  if (packetType !== SEQUENCE_START && packetType !== CODED_FRAMES && packetType !== CODED_FRAMES_X) {
    throw new UnsupportedSourceError('A video tag of Enhanced RTMP is damaged');
  }
  const fourCc = payload.toString('latin1', 1, 5);
  const codec = CODEC_BY_FOURCC.get(fourCc);
  const isHevcHeader = codec === 'hevc' && packetType === SEQUENCE_START;
  const sps = isHevcHeader ? parseHevcConfig(payload.subarray(ENHANCED_HEADER_BYTES)) : null;
  if (codec !== undefined) return { codec, picture: sps && toPicture(sps), frameRate: sps?.frameRate ?? null };
  const shown = fourCc.replace(/[^\x20-\x7e]/g, '?');
  throw new UnsupportedSourceError(`Video codec "${shown}" is not supported; send H.264`);
}

function toPicture(sps: SequenceParameters): Picture {
  const { width, height, isInterlaced, hdr } = sps;
  const displayed = { width: displayWidth(width, sps.pixelAspect), height };
  const isDisplayed = displayed.width === width && !isInterlaced && hdr === null;
  return isDisplayed ? displayed : { ...displayed, decoded: { width, height, isInterlaced, hdr } };
}

function unsupportedLegacyCodec(id: number): UnsupportedSourceError {
  const name = LEGACY_CODEC_NAMES.get(id) ?? `number ${id}`;
  return new UnsupportedSourceError(`Video codec ${name} is not supported; send H.264`);
}

function readSize(metadata: ScriptMetadata | null): Picture | null {
  const width = metadata?.get('width');
  const height = metadata?.get('height');
  return isPictureSide(width) && isPictureSide(height) ? { width, height } : null;
}

function isSaneFrameRate(value: unknown): value is number {
  return typeof value === 'number' && value >= 1 && value <= MAX_FRAME_RATE;
}
