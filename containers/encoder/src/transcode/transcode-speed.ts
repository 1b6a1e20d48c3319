const WINDOW_MS = 10_000;
/** Output comes in bursts of whole frames, which would distort a speed that is measured over less input. */
const MIN_FED_MS = 5000;

interface SpeedSample {
  readonly nowMs: number;
  readonly fedMs: number;
  readonly deliveredMs: number;
}

/** How fast FFmpeg transcodes: media out per media in, over the last 10 s. */
export class TranscodeSpeed {
  #samples: SpeedSample[] = [];

  /** When the last sample was taken; null before the first. */
  get newestMs(): number | null {
    return this.#samples.at(-1)?.nowMs ?? null;
  }

  /** Adds how much media was fed and delivered so far, in milliseconds from any fixed starting point. */
  add(sample: SpeedSample): void {
    this.#samples.push(sample);
    this.#samples = this.#samples.filter(({ nowMs }) => nowMs >= sample.nowMs - WINDOW_MS);
  }

  /** Media seconds out per media second in: 1 if FFmpeg keeps up, null if too little went in to tell. */
  get value(): number | null {
    const [oldest] = this.#samples;
    const newest = this.#samples.at(-1);
    if (oldest === undefined || newest === undefined) return null;
    const fedMs = newest.fedMs - oldest.fedMs;
    if (fedMs < MIN_FED_MS) return null;
    return Math.round((100 * (newest.deliveredMs - oldest.deliveredMs)) / fedMs) / 100;
  }
}
