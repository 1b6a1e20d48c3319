import { type FlvTag, isVideoKeyframe, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { parseScriptMetadata } from '#encoder/media/script-metadata.ts';
import { ArrivalLog, type ArrivalSum } from './arrival-log.ts';
import { lostFrames } from './lost-frames.ts';
import type { TimedTag } from './tag-cache.ts';

const RATE_WINDOW_MS = 5000;
const MEMORY_MS = 60_000;
/** Audio and video of one moment come one after the other; the earliest of this time tells how late the upload is. */
const DELAY_WINDOW_MS = 2000;
/** What is usual takes this long to show. */
const MIN_USUAL_MS = 10_000;

/** What a publisher sends and how. */
export interface InputMeasures {
  /** Over the last 5 s. */
  readonly inputKbps: number;
  /** What the source's metadata declares, else what it sent in the minute before; null while neither is known. */
  readonly expectedKbps: number | null;
  /** Frames a second over the last 5 s; null where no video came. */
  readonly frameRate: number | null;
  /** Between the last two keyframes; null until there are two. */
  readonly keyframeIntervalSeconds: number | null;
  /** Media since the last keyframe, or since the first picture where none came yet; null without video. */
  readonly secondsSinceKeyframe: number | null;
  /** Frames missing from the source's frame times in the last minute. */
  readonly droppedFrames: number;
  /** How much later media comes now than at best in the last minute. */
  readonly delaySeconds: number;
}

/** Measures a publisher's frames of the last minute. */
export class InputMeter {
  readonly #arrivals = new ArrivalLog();
  #declaredKbps: number | null = null;
  #firstFrameMs: number | null = null;
  #lastKeyframeMs: number | null = null;
  #keyframeIntervalMs: number | null = null;
  #newestTimelineMs = 0;

  /** A meter that has seen no frame but knows what the source declared. */
  successor(): InputMeter {
    const successor = new InputMeter();
    successor.#declaredKbps = this.#declaredKbps;
    return successor;
  }

  /** Takes a script tag, which may declare bitrates. */
  onScript(tag: FlvTag): void {
    const metadata = parseScriptMetadata(tag.payload);
    if (metadata === null) return;
    const rates = [metadata.get('videodatarate'), metadata.get('audiodatarate')];
    const sum = rates.reduce<number>((total, rate) => total + (typeof rate === 'number' && rate > 0 ? rate : 0), 0);
    this.#declaredKbps = sum > 0 ? Math.round(sum) : null;
  }

  /** A frame of audio or video arrived; milliseconds since 1970. */
  onFrame({ tag, timelineMs }: TimedTag, receivedAtMs: number): void {
    const isVideo = tag.type === VIDEO_TAG;
    this.#arrivals.add({ receivedAtMs, timelineMs, sizeBytes: tag.payload.length, isVideo });
    this.#arrivals.forgetBefore(receivedAtMs - MEMORY_MS);
    this.#newestTimelineMs = Math.max(this.#newestTimelineMs, timelineMs);
    if (isVideo) this.#firstFrameMs ??= timelineMs;
    if (isVideoKeyframe(tag)) {
      if (this.#lastKeyframeMs !== null) this.#keyframeIntervalMs = timelineMs - this.#lastKeyframeMs;
      this.#lastKeyframeMs = timelineMs;
    }
  }

  /** All as of `nowMs`. */
  measure(nowMs: number): InputMeasures {
    this.#arrivals.forgetBefore(nowMs - MEMORY_MS);
    return {
      ...rates(this.#arrivals.sum(nowMs - RATE_WINDOW_MS), nowMs),
      expectedKbps: this.#declaredKbps ?? this.#usualKbps(nowMs),
      keyframeIntervalSeconds: this.#keyframeIntervalMs === null ? null : toTenths(this.#keyframeIntervalMs / 1000),
      secondsSinceKeyframe: this.#secondsSinceKeyframe(),
      droppedFrames: lostFrames(this.#arrivals.videoTimes()),
      delaySeconds: toTenths(this.#delayMs(nowMs) / 1000),
    };
  }

  #secondsSinceKeyframe(): number | null {
    const sinceMs = this.#lastKeyframeMs ?? this.#firstFrameMs;
    return sinceMs === null ? null : toTenths((this.#newestTimelineMs - sinceMs) / 1000);
  }

  /** Without the last 5 s, which are compared with it. */
  #usualKbps(nowMs: number): number | null {
    const { arrivals, bytes, firstReceivedAtMs } = this.#arrivals.sum(undefined, nowMs - RATE_WINDOW_MS);
    const spanMs = arrivals === 0 ? 0 : nowMs - RATE_WINDOW_MS - firstReceivedAtMs;
    return spanMs < MIN_USUAL_MS ? null : Math.round((bytes * 8) / spanMs);
  }

  #delayMs(nowMs: number): number {
    const all = this.#arrivals.sum();
    if (all.arrivals === 0) return 0;
    const recent = this.#arrivals.sum(nowMs - DELAY_WINDOW_MS);
    return (recent.arrivals > 0 ? recent.leastOffsetMs : nowMs - all.lastTimelineMs) - all.leastOffsetMs;
  }
}

/** Over media time where that is longer: what a publisher has gathered comes at once, as at the start. */
function rates(recent: ArrivalSum, nowMs: number): Pick<InputMeasures, 'inputKbps' | 'frameRate'> {
  const { arrivals, videoFrames, bytes, firstReceivedAtMs, firstTimelineMs, lastTimelineMs } = recent;
  if (arrivals === 0) return { inputKbps: 0, frameRate: null };
  const seconds = Math.max(1000, nowMs - firstReceivedAtMs, lastTimelineMs - firstTimelineMs) / 1000;
  return {
    inputKbps: Math.round((bytes * 8) / 1000 / seconds),
    frameRate: videoFrames === 0 ? null : toTenths(videoFrames / seconds),
  };
}

function toTenths(value: number): number {
  return Math.round(value * 10) / 10;
}
