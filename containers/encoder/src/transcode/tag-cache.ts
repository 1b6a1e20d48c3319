import { startsDecoding } from '#encoder/media/decoding-start.ts';
import { type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** A tag with its place on the publisher's timeline. */
export interface TimedTag {
  readonly tag: FlvTag;
  readonly timelineMs: number;
}

/**
 * Keyframes are rarely more than 30 s apart. If a limit is exceeded, all but the media since the newest keyframe is
 * dropped. A source that exceeds it even so restarts at its next keyframe.
 */
const MAX_CACHED_MS = 32_000;
const MAX_CACHED_BYTES = 12 * 1024 * 1024;
/** More than 60 frames a second with audio produce in MAX_CACHED_MS. */
const MAX_CACHED_TAGS = 4_096;
/** The memory that a tag takes in addition to its payload. */
const TAG_OVERHEAD_BYTES = 256;

/** Everything that a decoder needs to start now: the sequence headers, and all media since a video keyframe. */
export class TagCache {
  #videoHeader: FlvTag | null = null;
  #audioHeader: FlvTag | null = null;
  #media: TimedTag[] = [];
  #mediaBytes = 0;

  /** Sequence headers of the tracks that the source has. */
  get sequenceHeaders(): readonly FlvTag[] {
    return [this.#videoHeader, this.#audioHeader].filter((header) => header !== null);
  }

  /** Media from a keyframe on, as `add` was told; without video, the newest audio. Empty if decoding cannot start yet. */
  get tags(): readonly TimedTag[] {
    return this.#media;
  }

  /**
   * Adds an audio or video frame. If `hasVideo` is true, decoding can only start at a video keyframe. The newest one that
   * is not after `neededFromMs` is kept, and what follows it.
   */
  add(timed: TimedTag, hasVideo: boolean, neededFromMs = Number.POSITIVE_INFINITY): void {
    if (!hasVideo) this.clear();
    const isKeyframe = hasVideo && startsDecoding(timed.tag);
    if (!hasVideo || isKeyframe || this.#media.length > 0) this.#append(timed);
    if (isKeyframe) this.#dropBefore(neededFromMs);
  }

  /** Drops all but the newest keyframe and what follows it. */
  keepNewest(): void {
    this.#dropBefore(Number.POSITIVE_INFINITY);
  }

  /**
   * Adds a sequence header. Returns false if it repeats the last one of its track. Otherwise the media that needed the
   * last one is dropped. A new audio header keeps the video, because audio must not make viewers wait for the next
   * keyframe.
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

  /** Drops the media but keeps the sequence headers. Caching resumes at the next keyframe. */
  clear(): void {
    this.#keep([]);
  }

  #keep(media: TimedTag[]): void {
    this.#media = media;
    this.#mediaBytes = media.reduce((bytes, timed) => bytes + sizeBytes(timed), 0);
  }

  #append(timed: TimedTag): void {
    this.#media.push(timed);
    this.#mediaBytes += sizeBytes(timed);
    if (this.#isTooMuch(timed)) this.keepNewest();
    if (this.#isTooMuch(timed)) this.clear();
  }

  #isTooMuch({ timelineMs }: TimedTag): boolean {
    const firstMs = this.#media[0]?.timelineMs ?? timelineMs;
    // A time limit alone would not be enough: a publisher's timestamps may stand still.
    const isLarge = this.#mediaBytes > MAX_CACHED_BYTES || this.#media.length > MAX_CACHED_TAGS;
    return isLarge || timelineMs - firstMs > MAX_CACHED_MS;
  }

  /** Keeps everything from the newest keyframe on that is not after `timelineMs`. */
  #dropBefore(timelineMs: number): void {
    const first = this.#media.findLastIndex((timed) => timed.timelineMs <= timelineMs && startsDecoding(timed.tag));
    if (first > 0) this.#keep(this.#media.slice(first));
  }
}

function sizeBytes({ tag }: TimedTag): number {
  return tag.payload.length + TAG_OVERHEAD_BYTES;
}
