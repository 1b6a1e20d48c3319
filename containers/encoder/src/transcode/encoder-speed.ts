const WINDOW_MS = 10_000;
/** Output comes in frames and bursts; over less than this they would count for more than the speed. */
const MIN_FED_MS = 5000;

interface Sample {
  readonly nowMs: number;
  readonly fedMs: number;
  readonly deliveredMs: number;
}

/** How much media an FFmpeg puts out for the media that goes in, over the last 10 s. */
export class EncoderSpeed {
  #samples: Sample[] = [];

  /** What was fed and delivered until now, in milliseconds of media from any start. */
  add(sample: Sample): void {
    this.#samples.push(sample);
    this.#samples = this.#samples.filter(({ nowMs }) => nowMs >= sample.nowMs - WINDOW_MS);
  }

  /** Seconds out per second in, 1 where it keeps up; null while too little went in to tell. */
  get value(): number | null {
    const [oldest] = this.#samples;
    const newest = this.#samples.at(-1);
    if (oldest === undefined || newest === undefined) return null;
    const fedMs = newest.fedMs - oldest.fedMs;
    if (fedMs < MIN_FED_MS) return null;
    return Math.round((100 * (newest.deliveredMs - oldest.deliveredMs)) / fedMs) / 100;
  }
}
