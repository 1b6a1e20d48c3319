import { isDeepStrictEqual } from 'node:util';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { snapFrameRate } from './frame-rates.ts';
import { GapFiller } from './gap-filler.ts';
import { IngestClock } from './ingest-clock.ts';
import type { PictureAbsences } from './picture-absences.ts';
import type { RenditionPlan } from './rendition-plan.ts';
import { SourceTracks } from './source-tracks.ts';
import { TagCache, type TimedTag } from './tag-cache.ts';
import { TagTimeline } from './tag-timeline.ts';

/** Where an FFmpeg begins. */
export interface SourceStart {
  readonly source: SourceDescription;
  readonly sequenceHeaders: readonly FlvTag[];
  /** Timeline position of the buffer's first tag, with which decoding starts. */
  readonly firstTagMs: number;
  /** Timeline position from which viewers need media. */
  readonly startMs: number;
  readonly ingestClock: IngestClock;
  readonly pictureAbsences: PictureAbsences;
}

/** When a tag arrived. */
export interface TagArrival {
  /** Milliseconds since 1970. */
  readonly receivedAtMs: number;
  /** Milliseconds by a clock that never steps. */
  readonly nowMs: number;
}

/** A frame in its place, and whether the publisher's timestamps jumped before it. */
export interface BufferedTag {
  readonly timed: TimedTag;
  /** What FFmpeg is to get: the frame, unless it comes too late, and what fills a gap of the other track before it. */
  readonly filled: readonly TimedTag[];
  readonly hasJumped: boolean;
}

/** What is known of a publisher's source, with the media from which the next FFmpeg can begin. */
export class SourceBuffer {
  readonly #timeline = new TagTimeline();
  readonly #cache = new TagCache();
  #tracks = new SourceTracks();
  #gaps = new GapFiller();
  #hasReturned = false;
  #ingestClock = new IngestClock();
  /** Timeline position up to which media was delivered; the next run starts there. Null before the first run. */
  #deliveredUntilMs: number | null = null;

  /** The source with the tracks that still arrive; null until they are known. */
  get present(): SourceDescription | null {
    return this.#tracks.present;
  }

  /** The source with the tracks that FFmpeg gets; null until they are known. Audio that is filled goes on for viewers. */
  get source(): SourceDescription | null {
    return this.#gaps.canFillAudio ? this.#tracks.all : this.#tracks.present;
  }

  /** Media from a keyframe on; without video, the newest audio. Empty if decoding cannot start yet. */
  get tags(): readonly TimedTag[] {
    return this.#cache.tags;
  }

  /** Timeline position of the first of `tags`; infinite if there is none. */
  get fromMs(): number {
    return this.tags[0]?.timelineMs ?? Number.POSITIVE_INFINITY;
  }

  /** Where the next run begins; null while that is not possible. */
  get start(): SourceStart | null {
    const { source, fromMs } = this;
    if (source === null || this.tags.length === 0) return null;
    return {
      source,
      sequenceHeaders: this.#cache.sequenceHeaders,
      firstTagMs: fromMs,
      startMs: Math.max(fromMs, this.#deliveredUntilMs ?? fromMs),
      ingestClock: this.#ingestClock,
      pictureAbsences: this.#gaps.pictureAbsences,
    };
  }

  /** Takes the next tag of any kind. Throws UnsupportedSourceError if the source cannot be transcoded. */
  describe(tag: FlvTag): void {
    this.#tracks.add(tag);
  }

  /** Adds a sequence header. Returns false if it repeats the last one of its track. */
  replaceHeader(tag: FlvTag): boolean {
    const isReplaced = this.#cache.replaceHeader(tag);
    if (isReplaced) this.#gaps.onHeader(tag);
    return isReplaced;
  }

  /** Adds a frame. The media that a run needs, which has delivered up to `neededFromMs`, is kept. */
  add(tag: FlvTag, { receivedAtMs, nowMs }: TagArrival, neededFromMs: number | undefined): BufferedTag {
    const { timelineMs, hasJumped } = this.#timeline.advance(tag);
    if (hasJumped) this.#onJump(timelineMs);
    else if (this.#hasReturned) this.#ingestClock.onReturn(timelineMs);
    this.#hasReturned = false;
    this.#ingestClock.observe(timelineMs, receivedAtMs, nowMs);
    this.#tracks.place(tag, timelineMs);
    const timed = { tag, timelineMs };
    const filled = this.#gaps.fill(timed);
    if (this.#gaps.takeAdrift(tag.type)) this.#timeline.rejoin(tag.type);
    for (const each of filled) this.#cache.add(each, this.#tracks.mayHaveVideo, neededFromMs);
    return { timed, filled, hasJumped };
  }

  /** Whether a frame has come since the publisher has connected. */
  get hasFrames(): boolean {
    return this.#timeline.hasFrames;
  }

  /** Timeline position of something that is no frame. */
  positionOf(timestampMs: number): number {
    return this.#timeline.positionOf(timestampMs);
  }

  /** Why `plan` no longer suits the source; null if it does. */
  differenceFrom(plan: RenditionPlan): 'the tracks changed' | 'more frames arrive' | null {
    const { source } = this;
    if (source === null) return null;
    const hasOtherVideo = (plan.frameRate === null) !== (source.video === null);
    if (hasOtherVideo || (plan.audio === null) !== (source.audio === null)) return 'the tracks changed';
    if (source.video === null || plan.frameRate === null || source.video.frameRate === plan.source?.frameRate)
      return null;
    return isDeepStrictEqual(snapFrameRate(source.video.frameRate), plan.frameRate) ? null : 'more frames arrive';
  }

  /** A run with this clock has ended. It has delivered media up to this position. */
  onDelivered(clockOfRun: IngestClock, untilMs: number): void {
    // After a jump, the position means nothing.
    if (clockOfRun === this.#ingestClock) this.#deliveredUntilMs = untilMs;
  }

  /**
   * Another connection of the publisher follows. Its source is yet unknown, and decoding starts at its first keyframe. Its
   * media goes on where this one's ended.
   */
  onReturn(): void {
    this.#hasReturned = true;
    this.#timeline.onReturn();
    this.#tracks = new SourceTracks();
    this.#gaps = new GapFiller(this.#gaps.pictureAbsences);
    // The publisher may send the same headers again, which is no news to the cache.
    for (const header of this.#cache.sequenceHeaders) this.#gaps.onHeader(header);
    this.#cache.clear();
  }

  /** Drops the media before the newest keyframe. */
  keepNewest(): void {
    this.#cache.keepNewest();
  }

  /** Resets the clock, but not the cache: frames after the jump are predicted from frames before it. */
  #onJump(timelineMs: number): void {
    this.#ingestClock = new IngestClock();
    this.#deliveredUntilMs = timelineMs;
  }
}
