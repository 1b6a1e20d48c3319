import { isVideoKeyframe } from '#encoder/media/flv-tag.ts';
import type { PictureAbsences } from './picture-absences.ts';
import type { TimedTag } from './tag-cache.ts';
import { TrackLag } from './track-lag.ts';

/** As long as a part of the lowest latency. FFmpeg repeats the picture in between. */
const HOLD_STEP_MS = 200;
/** What may be decoded anew when the picture comes back in the middle of a GOP. */
const MAX_GOP_FRAMES = 600;
const MAX_GOP_BYTES = 12 * 1024 * 1024;

/**
 * Holds the picture of a source whose video is missing while its audio goes on: repeats its last keyframe. Times are on the
 * publisher's timeline.
 */
export class PictureHold {
  readonly lag = new TrackLag();
  readonly #absences: PictureAbsences;
  /** The video from the last keyframe on; empty if decoding cannot start. */
  #gop: TimedTag[] = [];
  #gopBytes = 0;
  #newestAudioMs = Number.NEGATIVE_INFINITY;
  /** Position of the newest frame that came or was repeated. */
  #untilMs: number | null = null;
  /** The keyframe was repeated, so what follows in the GOP can't be decoded. */
  #isHolding = false;

  constructor(absences: PictureAbsences) {
    this.#absences = absences;
  }

  /** Another sequence header follows. */
  onHeader(): void {
    this.#dropGop();
  }

  /** What is to be decoded instead of a video frame: that frame, and before it what a held picture has made undecodable. */
  onVideo(timed: TimedTag): TimedTag[] {
    const { timelineMs } = timed;
    const isKeyframe = isVideoKeyframe(timed.tag);
    this.#observeLag(timelineMs);
    if (isKeyframe) this.#dropGop();
    // Until the next keyframe, there is only the held picture.
    else if (this.#isHolding && this.#gop.length === 0) return [];
    const heldUntilMs = this.#untilMs ?? timelineMs;
    // FFmpeg shows none of what is stamped like a picture that it has shown.
    const before = this.#isHolding ? this.#gop.map(({ tag }) => ({ tag, timelineMs: heldUntilMs })) : [];
    this.#keep(timed, isKeyframe);
    this.#isHolding = false;
    this.#untilMs = Math.max(heldUntilMs, timelineMs);
    this.#absences.end(this.#untilMs);
    return [...before, timed];
  }

  /** The pictures that are to come before an audio frame; none as long as video is not missing. */
  onAudio(timelineMs: number): TimedTag[] {
    this.#newestAudioMs = Math.max(this.#newestAudioMs, timelineMs);
    const [keyframe] = this.#gop;
    const untilMs = this.#untilMs;
    if (keyframe === undefined || untilMs === null) return [];
    if (!this.#isHolding && timelineMs - untilMs <= this.lag.missingAfterMs) return [];
    const count = Math.max(0, Math.floor((timelineMs - this.lag.fillBehindMs - untilMs) / HOLD_STEP_MS));
    if (count === 0) return [];
    this.#isHolding = true;
    this.#absences.begin(untilMs);
    this.#untilMs = untilMs + count * HOLD_STEP_MS;
    return Array.from({ length: count }, (_, index) => ({
      tag: keyframe.tag,
      timelineMs: untilMs + (index + 1) * HOLD_STEP_MS,
    }));
  }

  /** A frame whose place a held picture has taken was not missing: it is late. */
  #observeLag(timelineMs: number): void {
    if (this.#untilMs === null) return;
    if (timelineMs < this.#untilMs && this.#newestAudioMs - timelineMs > this.lag.missingAfterMs) {
      this.lag.observeLate(this.#newestAudioMs - timelineMs);
    } else if (!this.#isHolding) {
      this.lag.observe(this.#newestAudioMs - this.#untilMs);
    } else if (timelineMs < this.#untilMs) {
      this.lag.observe(this.#newestAudioMs - timelineMs);
    }
  }

  #keep(timed: TimedTag, isKeyframe: boolean): void {
    if (this.#gop.length === 0 && !isKeyframe) return;
    this.#gop.push(timed);
    this.#gopBytes += timed.tag.payload.length;
    if (this.#gop.length > MAX_GOP_FRAMES || this.#gopBytes > MAX_GOP_BYTES) this.#dropGop();
  }

  #dropGop(): void {
    this.#gop = [];
    this.#gopBytes = 0;
  }
}
