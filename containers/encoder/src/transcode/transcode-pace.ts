import { SLOWEST_DECODING } from './output-monitor.ts';
import { MAX_LATE_MS, type PaceSample } from './step-policy.ts';
import { TranscodeSpeed } from './transcode-speed.ts';

/** An FFmpeg that keeps up has worked off within this time what it was behind through no fault of its own. */
const CATCH_UP_MS = 20_000;
/** An FFmpeg that has put nothing out for this long is not only starting: it is slow. */
const START_MS = 1500;
/** Output that is missing for longer than this counts before it comes. */
const SILENCE_MS = 2000;
/** If the publisher pauses for longer than this, FFmpeg is not to blame for what it does not put out. */
const INPUT_PAUSE_MS = 500;

export interface TranscodePaceOptions {
  /** Position on the publisher's timeline of the first tag that will be fed. */
  readonly firstTagMs: number;
  /** Position at which the output begins. */
  readonly startMs: number;
  /** Milliseconds of any clock. The times of all calls are of the same one. */
  readonly nowMs: number;
}

/**
 * How an FFmpeg keeps up with its input: how fast it is, and how late. What it is behind because it was started late, or
 * because the publisher sends in a burst what it could not send before, does not count until FFmpeg has had time for it.
 */
export class TranscodePace {
  #speed = new TranscodeSpeed();
  readonly #startedAtMs: number;
  #fedMs: number;
  #fedAtMs: number | null = null;
  #deliveredMs: number;
  #hasDelivered = false;
  /** How far FFmpeg was behind through no fault of its own, and when. */
  #excused: { readonly atMs: number; readonly ms: number };

  constructor({ firstTagMs, startMs, nowMs }: TranscodePaceOptions) {
    this.#startedAtMs = nowMs;
    this.#fedMs = firstTagMs;
    this.#deliveredMs = startMs;
    this.#excused = { atMs: nowMs, ms: START_MS + (startMs - firstTagMs) / SLOWEST_DECODING };
  }

  /** Media seconds out per media second in, over the last 10 s; null while unknown. */
  get speed(): number | null {
    return this.#speed.value;
  }

  /** A frame at this position on the timeline is being fed. */
  onFed(timelineMs: number, nowMs: number): void {
    const pauseMs = this.#fedAtMs === null ? 0 : nowMs - this.#fedAtMs;
    if (pauseMs > INPUT_PAUSE_MS) {
      this.#speed.resume(nowMs);
      this.#excused = { atMs: nowMs, ms: this.#allowanceMs(nowMs) + pauseMs };
    }
    this.#fedAtMs = nowMs;
    this.#fedMs = Math.max(this.#fedMs, timelineMs);
  }

  /** Media was skipped. What waits ends at this position now, and the speed until here says nothing about what follows. */
  onSkipped(untilMs: number): void {
    this.#fedMs = untilMs;
    this.#speed = new TranscodeSpeed();
  }

  /** Output up to this position on the timeline has come. */
  onDelivered(untilMs: number, nowMs: number): void {
    if (untilMs <= this.#deliveredMs) return;
    this.#deliveredMs = untilMs;
    if (!this.#hasDelivered) this.#excused = { atMs: nowMs, ms: this.#lagMs() };
    this.#hasDelivered = true;
    // Output comes in fragments. Between two of them, the speed would depend on the moment at which it is measured.
    this.#measure(nowMs);
  }

  /** The oldest input that FFmpeg has not read has waited for `waitedMs`. */
  sample(nowMs: number, waitedMs: number): PaceSample {
    const { newestMs } = this.#speed;
    const isSilent = newestMs === null ? nowMs - this.#startedAtMs > START_MS : nowMs - newestMs > SILENCE_MS;
    if (isSilent) this.#measure(nowMs);
    const { speed } = this;
    const { decline } = this.#speed;
    return { nowMs, speed, decline, backlogMs: this.backlogMs(waitedMs), allowanceMs: this.#allowanceMs(nowMs) };
  }

  /**
   * How much input waits for FFmpeg. A burst of the publisher is more media than the time for which it has waited. Writes
   * that Node.js has put together seem to have waited for longer, because none of them is done before the last one.
   */
  backlogMs(waitedMs: number): number {
    return Math.min(waitedMs, this.#lagMs());
  }

  /** Whether media must be skipped. An FFmpeg that is faster than its input will catch up. */
  isTooLate(nowMs: number, waitedMs: number): boolean {
    return this.backlogMs(waitedMs) - this.#allowanceMs(nowMs) > MAX_LATE_MS && (this.speed ?? 0) < 1;
  }

  #lagMs(): number {
    return Math.max(0, this.#fedMs - this.#deliveredMs);
  }

  /** How far FFmpeg may be behind. */
  #allowanceMs(nowMs: number): number {
    const { atMs, ms } = this.#excused;
    return ms * Math.max(0, 1 - (nowMs - atMs) / CATCH_UP_MS);
  }

  #measure(nowMs: number): void {
    this.#speed.add({ nowMs, fedMs: this.#fedMs, deliveredMs: this.#deliveredMs });
  }
}
