import { flacStreamInfo } from './enhanced-audio.ts';
import { AUDIO_TAG, type FlvTag, isVideoKeyframe, VIDEO_TAG } from './flv-tag.ts';
import type { SourceAudio, SourceDescription, SourceVideo } from './source-description.ts';
import { readTagBody } from './tag-body.ts';

/** Element IDs (RFC 9559, 5.1; EBML: RFC 8794, 11.2). */
const EBML = 0x1a45dfa3;
const DOC_TYPE = 0x4282;
const DOC_TYPE_VERSION = 0x4287;
const DOC_TYPE_READ_VERSION = 0x4285;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const TRACK_UID = 0x73c5;
const TRACK_TYPE = 0x83;
const CODEC_ID = 0x86;
const CODEC_PRIVATE = 0x63a2;
const VIDEO = 0xe0;
const PIXEL_WIDTH = 0xb0;
const PIXEL_HEIGHT = 0xba;
const AUDIO = 0xe1;
const SAMPLING_FREQUENCY = 0xb5;
const CHANNELS = 0x9f;
const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;

/** A segment that goes on until the end of the file. */
const UNKNOWN_SIZE = Buffer.from('01ffffffffffffff', 'hex');
const NANOSECONDS_PER_MILLISECOND = 1_000_000;
/** Track numbers, which are also the track types (RFC 9559, 5.1.4.1.3). */
const VIDEO_TRACK = 1;
const AUDIO_TRACK = 2;
const KEYFRAME_FLAG = 0x80;

/** Codec IDs (RFC 9559, 8; Matroska codec specifications). */
const VIDEO_CODEC_IDS = {
  h264: 'V_MPEG4/ISO/AVC',
  hevc: 'V_MPEGH/ISO/HEVC',
  av1: 'V_AV1',
  vp9: 'V_VP9',
} as const satisfies Record<SourceVideo['codec'], string>;
const AUDIO_CODEC_IDS = {
  aac: 'A_AAC',
  mp3: 'A_MPEG/L3',
  opus: 'A_OPUS',
  flac: 'A_FLAC',
  ac3: 'A_AC3',
  eac3: 'A_EAC3',
} as const satisfies Record<SourceAudio['codec'], string>;

/** The beginning of a live Matroska file with a source's tracks. The sequence headers are in it. */
export function matroskaHeader({ video, audio }: SourceDescription, sequenceHeaders: readonly FlvTag[]): Buffer {
  const configOf = (type: FlvTag['type']): Buffer | null => {
    const header = sequenceHeaders.find((tag) => tag.type === type);
    return header === undefined ? null : readTagBody(header).data;
  };
  return Buffer.concat([
    element(EBML, text(DOC_TYPE, 'matroska'), uint(DOC_TYPE_VERSION, 4), uint(DOC_TYPE_READ_VERSION, 2)),
    idBytes(SEGMENT),
    UNKNOWN_SIZE,
    element(INFO, uint(TIMESTAMP_SCALE, NANOSECONDS_PER_MILLISECOND)),
    element(
      TRACKS,
      ...(video === null ? [] : [videoTrack(video, configOf(VIDEO_TAG))]),
      ...(audio === null ? [] : [audioTrack(audio, configOf(AUDIO_TAG))]),
    ),
  ]);
}

/** A frame as a cluster of its own, so that nothing waits for another frame. `timestampMs` replaces the tag's timestamp. */
export function matroskaFrame(tag: FlvTag, timestampMs: number): Buffer {
  const { data, compositionMs } = readTagBody(tag);
  const track = tag.type === AUDIO_TAG ? AUDIO_TRACK : VIDEO_TRACK;
  const isKeyframe = tag.type === AUDIO_TAG || isVideoKeyframe(tag);
  const block = Buffer.from([0x80 | track, 0, 0, isKeyframe ? KEYFRAME_FLAG : 0]);
  return element(
    CLUSTER,
    uint(TIMESTAMP, Math.max(0, timestampMs + compositionMs)),
    idBytes(SIMPLE_BLOCK),
    sizeBytes(block.length + data.length),
    block,
    data,
  );
}

function videoTrack({ codec, decoded, ...displayed }: SourceVideo, config: Buffer | null): Buffer {
  const { width, height } = decoded ?? displayed;
  return element(
    TRACK_ENTRY,
    ...trackFields(VIDEO_TRACK, VIDEO_CODEC_IDS[codec]),
    // Matroska has another form of VP9's configuration, and the decoder needs none.
    ...(config === null || codec === 'vp9' ? [] : [element(CODEC_PRIVATE, config)]),
    element(VIDEO, uint(PIXEL_WIDTH, width), uint(PIXEL_HEIGHT, height)),
  );
}

function audioTrack({ codec, sampleRateHz, channels }: SourceAudio, config: Buffer | null): Buffer {
  const rate = Buffer.alloc(8);
  rate.writeDoubleBE(sampleRateHz);
  return element(
    TRACK_ENTRY,
    ...trackFields(AUDIO_TRACK, AUDIO_CODEC_IDS[codec]),
    ...(config === null || config.length === 0 ? [] : [element(CODEC_PRIVATE, codecPrivate(codec, config))]),
    element(AUDIO, element(SAMPLING_FREQUENCY, rate), uint(CHANNELS, channels)),
  );
}

function trackFields(track: number, codecId: string): Buffer[] {
  return [uint(TRACK_NUMBER, track), uint(TRACK_UID, track), uint(TRACK_TYPE, track), text(CODEC_ID, codecId)];
}

/** FLAC's is a whole beginning of a FLAC file, with STREAMINFO as its last block. */
function codecPrivate(codec: SourceAudio['codec'], config: Buffer): Buffer {
  return codec === 'flac' ? Buffer.concat([Buffer.from('664c614380000022', 'hex'), flacStreamInfo(config)]) : config;
}

function element(id: number, ...content: readonly Buffer[]): Buffer {
  const contentBytes = content.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([idBytes(id), sizeBytes(contentBytes), ...content]);
}

function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value, 'latin1'));
}

/** Of up to six bytes. */
function uint(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return element(id, bytes);
}

/** IDs have their length in their first byte already. */
function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

/** A size of up to 32 bits, in five bytes (RFC 8794, 4). */
function sizeBytes(size: number): Buffer {
  const bytes = Buffer.alloc(5, 0x08);
  bytes.writeUInt32BE(size, 1);
  return bytes;
}
