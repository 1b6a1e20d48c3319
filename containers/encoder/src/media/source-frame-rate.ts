import { isCommonFrameRate, likelyFrameRate } from './common-frame-rates.ts';
import { FrameRateMeter, type MeasuredFrameRate } from './frame-rate-meter.ts';

/** A frame rate that is not declared, or hardly possible, is measured over this many frames, or over this much tag time. */
const MEASURED_FRAMES = 11;
const MEASURED_MS = 1_000;
/** Of frames that jitter, more are needed. */
const MAX_START_ERROR = 0.005;
/** How far a declared rate may be from what the first frames show. */
const DECLARED_TOLERANCE = 0.02;

/** Later on, frames are measured again over this much tag time, and once a second. */
const REVISION_SPAN_MS = 2_900;
const REVISION_INTERVAL_MS = 1_000;
/** More frames than the chosen rate by this share are worth another rate: more than one in fifty is dropped. */
const REVISION_SHARE = 1.02;
const MAX_REVISION_ERROR = 0.005;

/**
 * The frame rate of a source. The declared one if it is common, so that nothing has to wait for frames; else one that the first
 * frames agree with. It is raised if more frames come for a while. It is never lowered: frames that are missing are repeated, and
 * may come back.
 */
export class SourceFrameRate {
  readonly #meter = new FrameRateMeter();
  #declared: number | null = null;
  /** Undefined until it is chosen; null if neither the headers nor the frames show it. */
  #chosen: number | null | undefined;
  #measuredAtMs: number | null = null;

  /** A frame has come. */
  add(timestampMs: number): void {
    this.#meter.add(timestampMs);
    if (this.#chosen !== undefined) this.#revise(this.#chosen, timestampMs);
  }

  /** Frames per second; null if it can't be known, undefined until it is known. `declared` is what headers say now. */
  choose(declared: number | null): number | null | undefined {
    // Another declaration is about other frames.
    if (declared !== this.#declared) this.#chosen = undefined;
    this.#declared = declared;
    if (this.#chosen === undefined) this.#chosen = this.#first(declared);
    return this.#chosen;
  }

  #first(declared: number | null): number | null | undefined {
    if (declared !== null && isCommonFrameRate(declared)) return declared;
    const { frames, spanMs } = this.#meter;
    if (frames < MEASURED_FRAMES && spanMs < MEASURED_MS) return undefined;
    const measured = this.#meter.measure();
    if (measured === null) return declared;
    if ((measured.error > MAX_START_ERROR || !measured.isSteady) && spanMs < MEASURED_MS) return undefined;
    return agrees(declared, measured) ? declared : likelyFrameRate(measured.framesPerSecond, measured.error);
  }

  #revise(chosen: number | null, timestampMs: number): void {
    if (this.#meter.spanMs < REVISION_SPAN_MS || !this.#isDue(timestampMs)) return;
    this.#measuredAtMs = timestampMs;
    const measured = this.#meter.measure();
    if (measured === null || measured.error > MAX_REVISION_ERROR || !measured.isSteady) return;
    const { framesPerSecond, error } = measured;
    if (framesPerSecond > (chosen ?? 0) * REVISION_SHARE) this.#chosen = likelyFrameRate(framesPerSecond, error);
  }

  #isDue(timestampMs: number): boolean {
    const sinceMs = this.#measuredAtMs === null ? Number.POSITIVE_INFINITY : (timestampMs - this.#measuredAtMs) | 0;
    return sinceMs >= REVISION_INTERVAL_MS || sinceMs < 0;
  }
}

function agrees(declared: number | null, { framesPerSecond, error }: MeasuredFrameRate): boolean {
  return declared !== null && Math.abs(framesPerSecond / declared - 1) <= Math.max(DECLARED_TOLERANCE, 3 * error);
}
