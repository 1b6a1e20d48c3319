const LONG_LIFE_MS = 10_000;
const DELAYS_MS = [0, 500, 1000, 2000, 4000] as const;
/** This many changes of the source in a row restart FFmpeg at once: a track may come and go again. */
const PROMPT_CHANGES = 2;
const MAX_DEATHS_WITHOUT_OUTPUT = 4;
const MAX_TIME_WITHOUT_OUTPUT_MS = 10_000;

/** An FFmpeg that ended unexpectedly. */
export interface FailedRun {
  readonly lifetimeMs: number;
  /** Whether every rendition got at least one frame. */
  readonly hadOutput: boolean;
}

/** Decides how soon a failed FFmpeg is replaced, and when to give up. */
export class RestartPolicy {
  #shortLives = 0;
  #deathsWithoutOutput = 0;
  #withoutOutputMs = 0;
  #changes = 0;

  /** Milliseconds to wait before the next start: 0 after a long life, growing to 4 s; null to give up on the source. */
  delayAfter({ lifetimeMs, hadOutput }: FailedRun): number | null {
    this.#deathsWithoutOutput = hadOutput ? 0 : this.#deathsWithoutOutput + 1;
    this.#withoutOutputMs = hadOutput ? 0 : this.#withoutOutputMs + lifetimeMs;
    if (this.#deathsWithoutOutput >= MAX_DEATHS_WITHOUT_OUTPUT) return null;
    if (this.#withoutOutputMs >= MAX_TIME_WITHOUT_OUTPUT_MS) return null;
    if (lifetimeMs >= LONG_LIFE_MS && hadOutput) this.#shortLives = 0;
    const delayMs = DELAYS_MS[Math.min(this.#shortLives, DELAYS_MS.length - 1)] ?? 0;
    this.#shortLives += 1;
    return delayMs;
  }

  /**
   * Milliseconds to wait before the start of an FFmpeg for a source that has changed: 0 at first and after a long life.
   * If the source keeps changing, the wait grows to 4 s, because each start costs as much CPU as a stream.
   */
  delayAfterChange(lifetimeMs: number): number {
    if (lifetimeMs >= LONG_LIFE_MS) this.#changes = 0;
    const waits = Math.max(0, this.#changes - PROMPT_CHANGES + 1);
    this.#changes += 1;
    return DELAYS_MS[Math.min(waits, DELAYS_MS.length - 1)] ?? 0;
  }
}
