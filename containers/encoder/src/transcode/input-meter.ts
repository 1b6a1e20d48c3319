import { type FlvTag, isVideoKeyframe, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { parseScriptMetadata } from '#encoder/media/script-metadata.ts';
import type { TimedTag } from './tag-cache.ts';

const RATE_WINDOW_MS = 5000;
/** Less of it shows no rate. */
const MIN_SPAN_MS = 1000;
const MEMORY_MS = 60_000;
/** Audio and video of a moment arrive one after the other. The earliest frame in this window shows the delay. */
const DELAY_WINDOW_MS = 2000;
/** How much input the meter must see before it knows the usual bitrate. */
const MIN_USUAL_MS = 10_000;
/** Video that is this far behind audio does not come any more. The network drops frames for shorter times. */
const VIDEO_MISSING_MS = 2000;
/** More than twice as many frames as 60 video frames a second with audio make in MEMORY_MS. */
const MAX_ARRIVALS = 16_384;

/** What a publisher sends, and how well it arrives. */
export interface InputMeasures {
  /** Over the last 5 s. */
  readonly inputKbps: number;
  /** The bitrate that the metadata declares, else the average of the minute before; null if neither is known. */
  readonly expectedKbps: number | null;
  /** Frames per second over the last 5 s; null if no video came, and in the first second. */
  readonly frameRate: number | null;
  /** Between the last two keyframes; null until there are two. */
  readonly keyframeIntervalSeconds: number | null;
  /** Whether video has stopped while audio goes on. */
  readonly isVideoMissing: boolean;
  /** Whether it had stopped within the last 5 s, in which no full number of frames came. */
  readonly wasVideoMissing: boolean;
  /** Media since the last keyframe, without times in which no video came, or since the first frame if there was no keyframe yet; null without video. */
  readonly secondsSinceKeyframe: number | null;
  /** Frames missing from the source in the last minute, derived from its frame times. */
  readonly droppedFrames: number;
  /** How much later media arrives now than at best in the last minute. */
  readonly delaySeconds: number;
}

/** A frame of audio or video. */
interface ArrivedFrame {
  /** Milliseconds since 1970. */
  readonly receivedAtMs: number;
  readonly timelineMs: number;
  readonly sizeBytes: number;
  readonly isVideo: boolean;
}

/** Measures the frames that a publisher sent in the last minute. */
export class InputMeter {
  /** In the order in which they came. */
  #arrivals: ArrivedFrame[] = [];
  #declaredKbps: number | null = null;
  #firstFrameMs: number | null = null;
  #lastKeyframeMs: number | null = null;
  #keyframeIntervalMs: number | null = null;
  #newestVideoMs: number | null = null;
  /** The first audio counts as the place of video that never came. */
  #newestAudioMs: number | null = null;
  #firstAudioMs: number | null = null;
  #videoBackAtMs = Number.NEGATIVE_INFINITY;

  /** Returns a meter that has seen no frame but keeps the declared bitrate. */
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

  /** Takes an audio or video frame that arrived at `receivedAtMs`, by a clock that never steps. */
  onFrame({ tag, timelineMs }: TimedTag, receivedAtMs: number): void {
    const isVideo = tag.type === VIDEO_TAG;
    this.#arrivals.push({ receivedAtMs, timelineMs, sizeBytes: tag.payload.length, isVideo });
    // Drops an eighth at once: each removal at the front moves everything that stays.
    if (this.#arrivals.length > MAX_ARRIVALS) this.#arrivals.splice(0, MAX_ARRIVALS / 8);
    if (isVideo) this.#onVideo(timelineMs, receivedAtMs);
    else this.#onAudio(timelineMs);
    if (isVideoKeyframe(tag)) {
      if (this.#lastKeyframeMs !== null) this.#keyframeIntervalMs = timelineMs - this.#lastKeyframeMs;
      this.#lastKeyframeMs = timelineMs;
    }
  }

  #onVideo(timelineMs: number, receivedAtMs: number): void {
    const pauseMs = timelineMs - (this.#newestVideoMs ?? timelineMs);
    if (pauseMs > VIDEO_MISSING_MS) {
      this.#videoBackAtMs = receivedAtMs;
      // The keyframe interval is about the time in which frames come.
      if (this.#lastKeyframeMs !== null) this.#lastKeyframeMs += pauseMs;
      if (this.#firstFrameMs !== null) this.#firstFrameMs += pauseMs;
    }
    this.#firstFrameMs ??= timelineMs;
    this.#newestVideoMs = Math.max(this.#newestVideoMs ?? timelineMs, timelineMs);
  }

  #onAudio(timelineMs: number): void {
    this.#firstAudioMs ??= timelineMs;
    this.#newestAudioMs = Math.max(this.#newestAudioMs ?? timelineMs, timelineMs);
  }

  get #isVideoMissing(): boolean {
    const videoMs = this.#newestVideoMs ?? this.#firstAudioMs;
    return videoMs !== null && this.#newestAudioMs !== null && this.#newestAudioMs - videoMs > VIDEO_MISSING_MS;
  }

  /** All values as of `nowMs`. */
  measure(nowMs: number): InputMeasures {
    this.#arrivals = since(this.#arrivals, nowMs - MEMORY_MS);
    return {
      ...rates(since(this.#arrivals, nowMs - RATE_WINDOW_MS), nowMs),
      expectedKbps: this.#declaredKbps ?? this.#usualKbps(nowMs),
      keyframeIntervalSeconds: this.#keyframeIntervalMs === null ? null : toTenths(this.#keyframeIntervalMs / 1000),
      isVideoMissing: this.#isVideoMissing,
      wasVideoMissing: this.#isVideoMissing || nowMs - this.#videoBackAtMs < RATE_WINDOW_MS,
      secondsSinceKeyframe: this.#secondsSinceKeyframe(),
      droppedFrames: lostFrames(this.#arrivals.filter(({ isVideo }) => isVideo).map(({ timelineMs }) => timelineMs)),
      delaySeconds: toTenths(this.#delayMs(nowMs) / 1000),
    };
  }

  #secondsSinceKeyframe(): number | null {
    const sinceMs = this.#lastKeyframeMs ?? this.#firstFrameMs;
    return sinceMs === null || this.#newestVideoMs === null ? null : toTenths((this.#newestVideoMs - sinceMs) / 1000);
  }

  /** Leaves out the last 5 s, because they are compared with the result. */
  #usualKbps(nowMs: number): number | null {
    const untilMs = nowMs - RATE_WINDOW_MS;
    const before = this.#arrivals.filter(({ receivedAtMs }) => receivedAtMs < untilMs);
    const spanMs = untilMs - (before[0]?.receivedAtMs ?? untilMs);
    return spanMs < MIN_USUAL_MS ? null : Math.round((totalBytes(before) * 8) / spanMs);
  }

  #delayMs(nowMs: number): number {
    const newest = this.#arrivals.at(-1);
    if (newest === undefined) return 0;
    const recent = since(this.#arrivals, nowMs - DELAY_WINDOW_MS);
    const offsetMs = recent.length > 0 ? leastOffsetMs(recent) : nowMs - newest.timelineMs;
    return offsetMs - leastOffsetMs(this.#arrivals);
  }
}

function since(arrivals: readonly ArrivedFrame[], ms: number): ArrivedFrame[] {
  return arrivals.filter(({ receivedAtMs }) => receivedAtMs >= ms);
}

/**
 * Divides by media time if that is longer than arrival time: at the start, a publisher sends its backlog in one burst.
 */
function rates(recent: readonly ArrivedFrame[], nowMs: number): Pick<InputMeasures, 'inputKbps' | 'frameRate'> {
  const first = recent[0];
  const last = recent.at(-1);
  if (first === undefined || last === undefined) return { inputKbps: 0, frameRate: null };
  const spanMs = Math.max(nowMs - first.receivedAtMs, last.timelineMs - first.timelineMs);
  const seconds = Math.max(MIN_SPAN_MS, spanMs) / 1000;
  const videoFrames = recent.filter(({ isVideo }) => isVideo).length;
  return {
    inputKbps: Math.round((totalBytes(recent) * 8) / 1000 / seconds),
    frameRate: videoFrames === 0 || spanMs < MIN_SPAN_MS ? null : toTenths(videoFrames / seconds),
  };
}

function totalBytes(arrivals: readonly ArrivedFrame[]): number {
  return arrivals.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
}

/** Time from a frame's place on the timeline to its arrival, of the frame that was delayed least. */
function leastOffsetMs(arrivals: readonly ArrivedFrame[]): number {
  return arrivals.reduce(
    (leastMs, { receivedAtMs, timelineMs }) => Math.min(leastMs, receivedAtMs - timelineMs),
    Number.POSITIVE_INFINITY,
  );
}

/**
 * How many frames are missing between frame times (milliseconds, ascending): gaps that are a multiple of the usual
 * distance. The usual distance is the median, because metadata often declares a frame rate that the source never had. A gap in
 * which video was missing altogether is none of lost frames.
 */
export function lostFrames(timesMs: readonly number[]): number {
  const distancesMs = timesMs.slice(1).map((timeMs, index) => timeMs - (timesMs[index] ?? timeMs));
  const usualMs = distancesMs.toSorted((a, b) => a - b)[Math.floor(distancesMs.length / 2)];
  if (usualMs === undefined || usualMs <= 0) return 0;
  const gapsMs = distancesMs.filter((distanceMs) => distanceMs <= VIDEO_MISSING_MS);
  return gapsMs.reduce((lost, distanceMs) => lost + Math.max(0, Math.round(distanceMs / usualMs) - 1), 0);
}

function toTenths(value: number): number {
  return Math.round(value * 10) / 10;
}
