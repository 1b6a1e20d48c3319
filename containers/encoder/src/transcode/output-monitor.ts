const STALL_LIMIT_MS = 5000;
/** After a pause of the publisher FFmpeg gets its whole time again. */
const INPUT_PAUSE_MS = 1000;

/** Watches one output of FFmpeg against the input it is made from. Times are milliseconds of any one clock. */
export class OutputMonitor {
  /** Frames put out so far. */
  frames = 0;
  #lastInputMs = Number.NEGATIVE_INFINITY;
  /** When input came that nothing was put out after yet. */
  #waitingSinceMs: number | null = null;

  /** A tag of this output's kind went in. */
  onInput(nowMs: number): void {
    if (nowMs - this.#lastInputMs > INPUT_PAUSE_MS) this.#waitingSinceMs = null;
    this.#waitingSinceMs ??= nowMs;
    this.#lastInputMs = nowMs;
  }

  /** Bytes came out, with the ends of so many frames among them. */
  onOutput(frames: number): void {
    this.frames += frames;
    this.#waitingSinceMs = null;
  }

  /** Whether nothing came out for 5 s although input flows. */
  isStalled(nowMs: number): boolean {
    const isFlowing = nowMs - this.#lastInputMs <= INPUT_PAUSE_MS;
    return isFlowing && this.#waitingSinceMs !== null && nowMs - this.#waitingSinceMs > STALL_LIMIT_MS;
  }
}
