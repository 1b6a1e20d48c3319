import { AudioProbe } from './audio-probe.ts';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG } from './flv-tag.ts';
import { toLanguageTag } from './language-tag.ts';
import { parseScriptMetadata, type ScriptMetadata } from './script-metadata.ts';
import { type SourceAudio, type SourceDescription, UnsupportedSourceError } from './source-description.ts';
import { VideoProbe } from './video-probe.ts';

/** A track that the metadata does not announce counts as absent after this much time of the other one. */
const UNANNOUNCED_TRACK_WAIT_MS = 500;
/** The same for announced audio: some publishers announce it and never send any. */
const ANNOUNCED_AUDIO_WAIT_MS = 2_000;
/**
 * The same for announced video. A camera may be switched on late, and viewers have to start again if video comes later still. It
 * is less than the time after which a publish without a keyframe is ended.
 */
const ANNOUNCED_VIDEO_WAIT_MS = 8_000;
/** Every track that can be decoded is described within this much of its time. */
const MAX_WAIT_MS = 3_000;

/** How much of a track has come. Tracks may have different clocks, so that their timestamps can't be compared. */
class TrackTime {
  #firstMs: number | null = null;
  elapsedMs = 0;

  /** A frame has come. */
  add(timestampMs: number): void {
    this.#firstMs ??= timestampMs;
    this.elapsedMs = Math.max(this.elapsedMs, (timestampMs - this.#firstMs) | 0);
  }
}

/** Describes a source from its first tags: from sequence headers, and from metadata for what they lack. */
export class SourceProbe {
  readonly #video = new VideoProbe();
  readonly #audio = new AudioProbe();
  #metadata: ScriptMetadata | null = null;
  readonly #videoTime = new TrackTime();
  readonly #audioTime = new TrackTime();

  /** Takes the next tag. Throws UnsupportedSourceError if the source cannot be transcoded, and no other error. */
  add(tag: FlvTag): void {
    if (tag.type === SCRIPT_TAG) {
      this.#metadata = parseScriptMetadata(tag.payload) ?? this.#metadata;
      return;
    }
    const isFrame = tag.type === AUDIO_TAG ? this.#audio.add(tag) : this.#video.add(tag);
    if (!isFrame) return; // sequence headers often have timestamp 0, whatever the frames have
    (tag.type === AUDIO_TAG ? this.#audioTime : this.#videoTime).add(tag.timestampMs);
    if (this.#isUnusable()) {
      throw new UnsupportedSourceError('The stream has no usable sequence headers or picture size');
    }
  }

  /** Whether any video has come, described or not. */
  get hasSeenVideo(): boolean {
    return this.#video.seen;
  }

  /** Null until known. */
  description(): SourceDescription | null {
    const video = this.#video.describe(this.#metadata);
    const audio = this.#describeAudio();
    if (video === null && audio === null) return null;
    if (video === null && this.#expectsVideo()) return null;
    if (audio === null && this.#expectsAudio()) return null;
    return { video, audio };
  }

  #describeAudio(): SourceAudio | null {
    const audio = this.#audio.describe();
    const language = toLanguageTag(this.#metadata?.get('language'));
    return audio === null || language === null ? audio : { ...audio, language };
  }

  #expectsVideo(): boolean {
    const { elapsedMs } = this.#audioTime;
    if (this.#video.seen) return true;
    if (this.#metadata?.has('videocodecid')) return elapsedMs < ANNOUNCED_VIDEO_WAIT_MS;
    return !this.#metadata?.has('audiocodecid') && elapsedMs < UNANNOUNCED_TRACK_WAIT_MS;
  }

  #expectsAudio(): boolean {
    const { elapsedMs } = this.#videoTime;
    if (this.#audio.seen) return true;
    if (this.#metadata?.has('audiocodecid')) return elapsedMs < ANNOUNCED_AUDIO_WAIT_MS;
    return !this.#metadata?.has('videocodecid') && elapsedMs < UNANNOUNCED_TRACK_WAIT_MS;
  }

  #isUnusable(): boolean {
    const isVideoUnusable = this.#videoTime.elapsedMs > MAX_WAIT_MS && this.#video.describe(this.#metadata) === null;
    return isVideoUnusable || (this.#audioTime.elapsedMs > MAX_WAIT_MS && this.#audio.describe() === null);
  }
}
