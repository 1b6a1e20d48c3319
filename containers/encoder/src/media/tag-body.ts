import { CODED_FRAMES } from './enhanced-tracks.ts';
import { AAC_SOUND_FORMAT, AUDIO_TAG, EX_HEADER_SOUND_FORMAT, type FlvTag } from './flv-tag.ts';

/** What a plain tag carries for the decoder. */
export interface TagBody {
  /** A frame, or the decoder's configuration. A view of the tag's payload. */
  readonly data: Buffer;
  /** Presentation time minus the tag's timestamp. */
  readonly compositionMs: number;
}

const AVC_HEADER_BYTES = 5;
const AAC_HEADER_BYTES = 2;
const ENHANCED_HEADER_BYTES = 5;
const COMPOSITION_BYTES = 3;
/** Of the enhanced codecs, only this one has a composition time. */
const HEVC_FOURCC = 'hvc1';

/** Takes the headers off a plain tag of audio or video (FLV specification E.4.2 and E.4.3; Enhanced RTMP). */
export function readTagBody({ type, payload }: FlvTag): TagBody {
  return type === AUDIO_TAG ? { data: audioData(payload), compositionMs: 0 } : readVideo(payload);
}

function audioData(payload: Buffer): Buffer {
  const format = (payload[0] ?? 0) >> 4;
  if (format === EX_HEADER_SOUND_FORMAT) return payload.subarray(ENHANCED_HEADER_BYTES);
  return payload.subarray(format === AAC_SOUND_FORMAT ? AAC_HEADER_BYTES : 1);
}

function readVideo(payload: Buffer): TagBody {
  const first = payload[0] ?? 0;
  const isEnhanced = (first & 0x80) !== 0;
  const headerBytes = isEnhanced ? ENHANCED_HEADER_BYTES : AVC_HEADER_BYTES;
  const hasComposition =
    isEnhanced &&
    (first & 0x0f) === CODED_FRAMES &&
    payload.toString('latin1', 1, ENHANCED_HEADER_BYTES) === HEVC_FOURCC;
  const compositionOffset = isEnhanced ? ENHANCED_HEADER_BYTES : AVC_HEADER_BYTES - COMPOSITION_BYTES;
  const hasTime = (hasComposition || !isEnhanced) && payload.length >= compositionOffset + COMPOSITION_BYTES;
  return {
    data: payload.subarray(headerBytes + (hasComposition ? COMPOSITION_BYTES : 0)),
    compositionMs: hasTime ? payload.readIntBE(compositionOffset, COMPOSITION_BYTES) : 0,
  };
}
