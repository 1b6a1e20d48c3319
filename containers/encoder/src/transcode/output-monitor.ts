const STALL_LIMIT_MS = 5000;
/** If the publisher pauses for longer than this, FFmpeg gets the full time limit again. */
const INPUT_PAUSE_MS = 1000;
/** Media seconds a second. An FFmpeg that decodes no faster cannot encode in real time. */
export const SLOWEST_DECODING = 2;

/** Detects that one of FFmpeg's outputs has stalled. All times are milliseconds of the same clock. */
export class OutputMonitor {
  /** Frames put out so far. */
  frames = 0;
  readonly #firstLimitMs: number;
  #lastInputMs = Number.NEGATIVE_INFINITY;
  /** When the first input arrived that was followed by no output yet. */
  #waitingSinceMs: number | null = null;

  /** FFmpeg has to decode so much before the first output. */
  constructor(toDecodeMs = 0) {
    this.#firstLimitMs = STALL_LIMIT_MS + toDecodeMs / SLOWEST_DECODING;
  }

  /** A tag for this output was fed to FFmpeg. */
  onInput(nowMs: number): void {
    if (nowMs - this.#lastInputMs > INPUT_PAUSE_MS) this.#waitingSinceMs = null;
    this.#waitingSinceMs ??= nowMs;
    this.#lastInputMs = nowMs;
  }

  /** Output arrived that completed `frames` frames. */
  onOutput(frames: number): void {
    this.frames += frames;
    this.#waitingSinceMs = null;
  }

  /** Whether nothing came out for 5 s while input kept flowing. */
  isStalled(nowMs: number): boolean {
    const limitMs = this.frames === 0 ? this.#firstLimitMs : STALL_LIMIT_MS;
    const isFlowing = nowMs - this.#lastInputMs <= INPUT_PAUSE_MS;
    return isFlowing && this.#waitingSinceMs !== null && nowMs - this.#waitingSinceMs > limitMs;
  }
}
