/** FLV's tag types, which are also RTMP's message types (FLV specification 10.1, E.4.1). */
export const AUDIO_TAG = 8;
export const VIDEO_TAG = 9;
export const SCRIPT_TAG = 18;

/** One audio, video or script message from a publisher. */
export interface FlvTag {
  readonly type: typeof AUDIO_TAG | typeof VIDEO_TAG | typeof SCRIPT_TAG;
  /** Decoding time in milliseconds on the publisher's clock. The first one can be any number. */
  readonly timestampMs: number;
  /** The tag's body. The receiver owns it. */
  readonly payload: Buffer;
}

/** Codec ids of the legacy FLV codecs that Headend accepts (FLV specification E.4.2.1, E.4.3.1). */
export const AVC_CODEC_ID = 7;
export const AAC_SOUND_FORMAT = 10;
/** Sound format of Enhanced RTMP v2: the low four bits are a packet type, and a FourCC follows. */
export const EX_HEADER_SOUND_FORMAT = 9;

/** The first byte of a video tag's body. */
interface VideoTagHeader {
  /** Enhanced RTMP: the low four bits are a packet type, and a FourCC follows. */
  readonly enhanced: boolean;
  /** 1 is a keyframe; 5 is a command without a picture. */
  readonly frameType: number;
  /** The codec id, or the packet type if `enhanced`. */
  readonly low: number;
}

/** Reads the first byte of a video tag's body (FLV specification E.4.3.1; Enhanced RTMP v1); null if it is empty. */
export function readVideoTagHeader(payload: Buffer): VideoTagHeader | null {
  const first = payload[0];
  if (first === undefined) return null;
  return { enhanced: (first & 0x80) !== 0, frameType: (first >> 4) & 0x07, low: first & 0x0f };
}

/** Whether an audio or video tag has the form of Enhanced RTMP. */
export function isEnhanced({ type, payload }: FlvTag): boolean {
  const first = payload[0];
  if (first === undefined || type === SCRIPT_TAG) return false;
  return type === AUDIO_TAG ? first >> 4 === EX_HEADER_SOUND_FORMAT : (first & 0x80) !== 0;
}

/** Whether a tag configures the decoder: of H.264 (AVC packet type 0) or of an Enhanced RTMP codec (SequenceStart). */
export function isVideoSequenceHeader(tag: FlvTag): boolean {
  const header = tag.type === VIDEO_TAG ? readVideoTagHeader(tag.payload) : null;
  if (header === null) return false;
  return header.enhanced ? header.low === 0 : header.low === AVC_CODEC_ID && tag.payload[1] === 0;
}

/** Whether a tag only says that the video ends: of H.264 (AVC packet type 2) or of an Enhanced RTMP codec (SequenceEnd). */
export function isVideoSequenceEnd(tag: FlvTag): boolean {
  const header = tag.type === VIDEO_TAG ? readVideoTagHeader(tag.payload) : null;
  if (header === null) return false;
  return header.enhanced ? header.low === 2 : header.low === AVC_CODEC_ID && tag.payload[1] === 2;
}

/** Whether a tag is a frame at which a decoder can start. */
export function isVideoKeyframe(tag: FlvTag): boolean {
  const header = tag.type === VIDEO_TAG ? readVideoTagHeader(tag.payload) : null;
  if (header === null || header.frameType !== 1) return false;
  // Enhanced: CodedFrames and CodedFramesX. AVC: packet type 1, because sequence headers are marked as keyframes too.
  if (header.enhanced) return header.low === 1 || header.low === 3;
  return header.low !== AVC_CODEC_ID || tag.payload[1] === 1;
}

/** Whether a tag configures the decoder: an AudioSpecificConfig (AAC packet type 0), or a SequenceStart of Enhanced RTMP. */
export function isAudioSequenceHeader(tag: FlvTag): boolean {
  const first = tag.type === AUDIO_TAG ? tag.payload[0] : undefined;
  if (first === undefined) return false;
  if (first >> 4 === EX_HEADER_SOUND_FORMAT) return (first & 0x0f) === 0;
  return first >> 4 === AAC_SOUND_FORMAT && tag.payload[1] === 0;
}
