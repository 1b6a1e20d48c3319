import { type FlvTag, isVideoKeyframe, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** A tag with its place on the publisher's timeline. */
export interface TimedTag {
  readonly tag: FlvTag;
  readonly timelineMs: number;
}

/** The longest usual keyframe distance is 10 s; a source that exceeds a bound restarts at its next keyframe. */
const MAX_CACHED_MS = 12_000;
const MAX_CACHED_BYTES = 12 * 1024 * 1024;
/** What a tag costs beside its payload, and how many there are at 60 pictures a second with sound in twice the time. */
const TAG_OVERHEAD_BYTES = 256;
const MAX_CACHED_TAGS = 4_096;

/** Everything a decoder needs to begin now: the sequence headers, and all media since the last video keyframe. */
export class TagCache {
  #videoHeader: FlvTag | null = null;
  #audioHeader: FlvTag | null = null;
  #media: TimedTag[] = [];
  #mediaBytes = 0;

  /** Sequence headers of the tracks there are. */
  get sequenceHeaders(): readonly FlvTag[] {
    return [this.#videoHeader, this.#audioHeader].filter((header) => header !== null);
  }

  /** Media from a keyframe on (with `hasVideo` false: the newest audio); empty while there is nothing to begin with. */
  get tags(): readonly TimedTag[] {
    return this.#media;
  }

  /** Adds a frame of audio or video. `hasVideo`: decoding can begin at video keyframes only. */
  add(timed: TimedTag, hasVideo: boolean): void {
    const isStart = hasVideo ? isVideoKeyframe(timed.tag) : true;
    if (isStart) this.clear();
    if (isStart || this.#media.length > 0) this.#append(timed);
  }

  /**
   * Adds a sequence header. Returns whether it is unlike the last one of its track; then the media that it makes useless is
   * forgotten. Sound that begins or changes in mid-stream is no reason to wait for the next keyframe.
   */
  replaceHeader(header: FlvTag): boolean {
    const isVideo = header.type === VIDEO_TAG;
    const previous = isVideo ? this.#videoHeader : this.#audioHeader;
    if (previous?.payload.equals(header.payload)) return false;
    if (isVideo) {
      this.#videoHeader = header;
      this.clear();
    } else {
      this.#audioHeader = header;
      if (previous !== null) this.#keep(this.#media.filter(({ tag }) => tag.type === VIDEO_TAG));
    }
    return true;
  }

  /** Forgets the media, not the sequence headers: what comes next waits for a keyframe. */
  clear(): void {
    this.#keep([]);
  }

  #keep(media: TimedTag[]): void {
    this.#media = media;
    this.#mediaBytes = media.reduce((bytes, { tag }) => bytes + tag.payload.length, 0);
  }

  #append(timed: TimedTag): void {
    this.#media.push(timed);
    this.#mediaBytes += timed.tag.payload.length + TAG_OVERHEAD_BYTES;
    const firstMs = this.#media[0]?.timelineMs ?? timed.timelineMs;
    // Time alone is no bound: a publisher's timestamps may stand still.
    const isTooMuch = this.#mediaBytes > MAX_CACHED_BYTES || this.#media.length > MAX_CACHED_TAGS;
    if (isTooMuch || timed.timelineMs - firstMs > MAX_CACHED_MS) this.clear();
  }
}
