import { TAG_KINDS, type TagKind, type TracedTags } from '#domain/traces.ts';
import {
  AUDIO_TAG,
  type FlvTag,
  isAudioSequenceHeader,
  isVideoKeyframe,
  isVideoSequenceHeader,
  SCRIPT_TAG,
} from '#encoder/media/flv-tag.ts';

/** A minute of 60 pictures and 47 audio frames a second has 6,420 tags. These take 140 kB. */
const CAPACITY = 8_192;

/** When and how large the latest tags of a publisher were. Takes no memory for a tag. */
export class TagRing {
  readonly #receivedAtMs = new Float64Array(CAPACITY);
  readonly #timestampMs = new Uint32Array(CAPACITY);
  readonly #bytes = new Uint32Array(CAPACITY);
  readonly #kinds = new Uint8Array(CAPACITY);
  /** How many tags there were. */
  #count = 0;

  add(tag: FlvTag, receivedAtMs: number): void {
    const at = this.#count % CAPACITY;
    this.#receivedAtMs[at] = receivedAtMs;
    this.#timestampMs[at] = tag.timestampMs;
    this.#bytes[at] = tag.payload.length;
    this.#kinds[at] = TAG_KINDS.indexOf(kindOf(tag));
    this.#count += 1;
  }

  /** The tags that were received from this moment on, as far as there was room for them. */
  since(fromMs: number): TracedTags {
    const first = Math.max(0, this.#count - CAPACITY);
    const places = Array.from({ length: this.#count - first }, (_, index) => (first + index) % CAPACITY).filter(
      (at) => (this.#receivedAtMs[at] ?? 0) >= fromMs,
    );
    return {
      receivedAtMs: places.map((at) => this.#receivedAtMs[at] ?? 0),
      timestampMs: places.map((at) => this.#timestampMs[at] ?? 0),
      bytes: places.map((at) => this.#bytes[at] ?? 0),
      kind: places.map((at) => TAG_KINDS[this.#kinds[at] ?? 0] ?? 'script'),
    };
  }
}

function kindOf(tag: FlvTag): TagKind {
  if (tag.type === SCRIPT_TAG) return 'script';
  if (tag.type === AUDIO_TAG) return isAudioSequenceHeader(tag) ? 'header' : 'audio';
  if (isVideoKeyframe(tag)) return 'keyframe';
  return isVideoSequenceHeader(tag) ? 'header' : 'video';
}
