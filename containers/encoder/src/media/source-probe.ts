import { AudioProbe } from './audio-probe.ts';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG } from './flv-tag.ts';
import { parseScriptMetadata, type ScriptMetadata } from './script-metadata.ts';
import { type SourceDescription, UnsupportedSourceError } from './source-description.ts';
import { VideoProbe } from './video-probe.ts';

/** A track that the metadata does not announce counts as absent after this much tag time. */
const UNANNOUNCED_TRACK_WAIT_MS = 500;
/** The same for an announced track: some publishers announce audio and never send it. */
const ANNOUNCED_TRACK_WAIT_MS = 2_000;
/** Every source that can be decoded sends its headers within this much tag time. */
const MAX_WAIT_MS = 3_000;

/** Describes a source from its first tags: from sequence headers, and from metadata for what they lack. */
export class SourceProbe {
  readonly #video = new VideoProbe();
  readonly #audio = new AudioProbe();
  #metadata: ScriptMetadata | null = null;
  #firstFrameMs: number | null = null;
  #elapsedMs = 0;

  /** Takes the next tag. Throws UnsupportedSourceError if the source cannot be transcoded, and no other error. */
  add(tag: FlvTag): void {
    if (tag.type === SCRIPT_TAG) {
      this.#metadata = parseScriptMetadata(tag.payload) ?? this.#metadata;
      return;
    }
    const isFrame = tag.type === AUDIO_TAG ? this.#audio.add(tag) : this.#video.add(tag);
    if (!isFrame) return; // sequence headers often have timestamp 0, whatever the frames have
    this.#firstFrameMs ??= tag.timestampMs;
    this.#elapsedMs = Math.max(this.#elapsedMs, (tag.timestampMs - this.#firstFrameMs) | 0);
    if (this.#elapsedMs > MAX_WAIT_MS && this.description() === null) {
      throw new UnsupportedSourceError('The stream has no usable sequence headers or picture size');
    }
  }

  /** Null until known. */
  description(): SourceDescription | null {
    const video = this.#video.describe(this.#metadata);
    const audio = this.#audio.describe();
    if (video === null && audio === null) return null;
    if (video === null && this.#expects(this.#video, 'videocodecid', 'audiocodecid')) return null;
    if (audio === null && this.#expects(this.#audio, 'audiocodecid', 'videocodecid')) return null;
    return { video, audio };
  }

  #expects(track: VideoProbe | AudioProbe, ownField: string, otherField: string): boolean {
    if (track.seen) return true;
    if (this.#metadata?.has(ownField)) return this.#elapsedMs < ANNOUNCED_TRACK_WAIT_MS;
    if (this.#metadata?.has(otherField)) return false;
    return this.#elapsedMs < UNANNOUNCED_TRACK_WAIT_MS;
  }
}
