import { startsDecoding } from '#encoder/media/decoding-start.ts';
import { type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { containerFrame, type SourceContainer } from '#encoder/media/source-container.ts';
import { BurstHold } from './burst-hold.ts';
import { FeedQueue } from './feed-queue.ts';
import { FeedTimeline } from './feed-timeline.ts';
import type { FfmpegProcess } from './ffmpeg-process.ts';
import type { TimedTag } from './tag-cache.ts';

/** Timestamp of the first tag as FFmpeg gets it. Tags that are interleaved a little before it would otherwise be negative. */
export const FIRST_TAG_MS = 1000;
/** From the last frame before a skip to the first one after it: a frame of the lowest usual rate. */
const SKIP_STEP_MS = 40;
/** FFmpeg catches up with less than this after a burst. */
const MAX_CATCH_UP_MS = 3000;
/** A skip of less does not help. */
const MIN_SKIP_MS = 1000;
const HOLD_CHECK_MS = 100;

export interface RunFeedOptions {
  readonly hasVideo: boolean;
  readonly container: SourceContainer;
  /** Position on the publisher's timeline of the first tag. */
  readonly firstTagMs: number;
  /** Position at which the output begins. */
  readonly startMs: number;
  readonly ffmpeg: () => Pick<FfmpegProcess, 'isBusy' | 'write' | 'waitingSinceMs'>;
  /** A tag belongs at `runMs` of the run, and FFmpeg gets it as soon as it can take it. */
  readonly onFed: (tag: FlvTag, runMs: number) => void;
  /** Media was skipped. What still waits ends at `runMs`. */
  readonly onSkipped: (skippedMs: number, runMs: number) => void;
  readonly now: () => number;
}

/** What goes into one FFmpeg: it waits here while FFmpeg is busy, and what is too old is left out. */
export class RunFeed {
  readonly timeline = new FeedTimeline();
  readonly #options: RunFeedOptions;
  readonly #queue = new FeedQueue();
  readonly #hold = new BurstHold();
  /** Where the newest tag of each track that FFmpeg has belongs in the run. */
  readonly #writtenMs = new Map<FlvTag['type'], number>();
  #holdTimer: NodeJS.Timeout | undefined;
  #awaitsStart = false;
  /** A tag has been queued at which decoding can start, since it was last looked for one. */
  #hasNewStart = false;

  constructor(options: RunFeedOptions) {
    this.#options = options;
  }

  /** Whether everything was skipped, and decoding can go on at the next keyframe only. */
  get awaitsStart(): boolean {
    return this.#awaitsStart;
  }

  /** Whether FFmpeg has something to work on, or would have if it took it. */
  get isFlowing(): boolean {
    return !this.#hold.isHolding && (!this.#awaitsStart || this.#options.ffmpeg().isBusy);
  }

  /** Whether more waits than may. */
  get isTooFull(): boolean {
    return this.#queue.isTooFull;
  }

  /** How long the oldest input has waited for FFmpeg. What is held back on purpose does not. */
  get waitedMs(): number {
    const nowMs = this.#options.now();
    const queuedAtMs = this.#hold.isHolding ? undefined : this.#queue.tags[0]?.queuedAtMs;
    return nowMs - (this.#options.ffmpeg().waitingSinceMs ?? queuedAtMs ?? nowMs);
  }

  /** The tags that follow are the first ones, or those of a publisher who was away. They do not come late. */
  onReturn(): void {
    this.#hold.onReturn();
    this.#endHold();
  }

  add({ tag, timelineMs }: TimedTag): void {
    const isStart = this.#isStart(tag);
    if (this.#awaitsStart && !isStart) return;
    this.#hasNewStart ||= isStart;
    const nowMs = this.#options.now();
    const wasHolding = this.#hold.isHolding;
    this.#hold.onTag(timelineMs, nowMs);
    this.#queue.push({ tag, timelineMs, queuedAtMs: nowMs });
    if (this.#awaitsStart) this.#goOnAt(this.#queue.tags.length - 1);
    if (this.#queue.isTooFull) this.#hold.release();
    if (this.#hold.isHolding) this.#holdTimer ??= setInterval(() => this.#checkHold(), HOLD_CHECK_MS);
    else if (wasHolding) this.#endHold();
    else this.#onFed(tag, timelineMs);
    this.pump();
  }

  /** Gives FFmpeg what it can take. */
  pump(): void {
    if (this.#hold.isHolding) return;
    while (!this.#options.ffmpeg().isBusy && this.#writeOldest());
  }

  /** FFmpeg is too late: leaves out what comes before the newest keyframe, or everything if even so too much waits. */
  skip(): void {
    // An FFmpeg that is late stays so until the next keyframe, and the queue may be long.
    if (this.#hasNewStart) this.#skipToNewest(MIN_SKIP_MS);
    if (!this.isTooFull) return;
    this.#queue.keep(() => false);
    this.#awaitsStart = true;
  }

  /** Gives FFmpeg everything that is left. */
  flush(): void {
    this.#hold.release();
    this.#endHold();
    while (this.#writeOldest());
  }

  close(): void {
    clearInterval(this.#holdTimer);
  }

  #checkHold(): void {
    this.#hold.check(this.#options.now());
    if (this.#hold.isHolding) return;
    this.#endHold();
    this.pump();
  }

  #endHold(): void {
    if (this.#holdTimer === undefined) return;
    clearInterval(this.#holdTimer);
    this.#holdTimer = undefined;
    this.#skipToNewest(MAX_CATCH_UP_MS);
    for (const { tag, timelineMs } of this.#queue.tags) this.#onFed(tag, timelineMs);
  }

  #onFed(tag: FlvTag, timelineMs: number): void {
    this.#options.onFed(tag, this.timeline.toRunMs(timelineMs));
  }

  #skipToNewest(minMs: number): void {
    this.#hasNewStart = false;
    const { tags } = this.#queue;
    const index = tags.findLastIndex(({ tag }) => this.#isStart(tag));
    const skippedMs = (tags[index]?.timelineMs ?? 0) - (tags[0]?.timelineMs ?? 0);
    if (index > 0 && skippedMs >= minMs) this.#goOnAt(index);
  }

  /** Leaves out what comes before the keyframe at `index` of the queue. Sound goes on where it ended, too. */
  #goOnAt(index: number): void {
    const start = this.#queue.tags[index];
    if (start === undefined) return;
    const { startMs, onSkipped } = this.#options;
    const runMs = Math.max(startMs, ...[...this.#writtenMs.values()].map((writtenMs) => writtenMs + SKIP_STEP_MS));
    const skippedMs = this.timeline.toRunMs(start.timelineMs) - runMs;
    this.timeline.skip(start.timelineMs, runMs);
    this.#queue.keep(({ tag, timelineMs }, position) => {
      if (position >= index && tag.type === VIDEO_TAG) return true;
      return tag.type !== VIDEO_TAG && this.timeline.toRunMs(timelineMs) > this.#writtenUntilMs(tag, runMs);
    });
    this.#awaitsStart = false;
    const newestMs = Math.max(runMs, ...this.#queue.tags.map(({ timelineMs }) => this.timeline.toRunMs(timelineMs)));
    onSkipped(skippedMs, newestMs);
  }

  #writtenUntilMs(tag: FlvTag, otherwiseMs: number): number {
    return this.#writtenMs.get(tag.type) ?? otherwiseMs;
  }

  #isStart(tag: FlvTag): boolean {
    return !this.#options.hasVideo || startsDecoding(tag);
  }

  /** Returns false if there was nothing to write. */
  #writeOldest(): boolean {
    const oldest = this.#queue.shift();
    if (oldest === undefined) return false;
    const { container, firstTagMs, ffmpeg } = this.#options;
    const { tag, timelineMs, queuedAtMs } = oldest;
    const runMs = this.timeline.toRunMs(timelineMs);
    this.#writtenMs.set(tag.type, Math.max(runMs, this.#writtenUntilMs(tag, runMs)));
    const frame = containerFrame(container, tag, Math.max(0, runMs - firstTagMs + FIRST_TAG_MS));
    ffmpeg().write(frame, queuedAtMs);
    return true;
  }
}
