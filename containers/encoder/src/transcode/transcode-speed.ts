const WINDOW_MS = 10_000;
/** Output comes in bursts of whole frames, which would distort a speed that is measured over less input. */
const MIN_FED_MS = 5000;
/** Frames and fragments come irregularly. Within this time, that alone could make FFmpeg seem to fall behind. */
const JITTER_MS = 500;
/** An FFmpeg that falls behind by less than this share of the time has long before that matters. */
const MIN_LOSS = 0.1;

interface SpeedSample {
  readonly nowMs: number;
  readonly fedMs: number;
  readonly deliveredMs: number;
}

/** A time in which FFmpeg has fallen further behind with everything that it put out, by a tenth of the time or more. */
export interface Decline {
  readonly sinceMs: number;
  /** Media seconds out per second. */
  readonly speed: number;
}

/** How fast FFmpeg transcodes. */
export class TranscodeSpeed {
  #samples: SpeedSample[] = [];
  #resumedAtMs = Number.NEGATIVE_INFINITY;

  /** When the last sample was taken; null before the first. */
  get newestMs(): number | null {
    return this.#samples.at(-1)?.nowMs ?? null;
  }

  /** Adds how much media was fed and delivered so far, in milliseconds from any fixed starting point. */
  add(sample: SpeedSample): void {
    this.#samples.push(sample);
    this.#samples = this.#samples.filter(({ nowMs }) => nowMs >= sample.nowMs - WINDOW_MS);
  }

  /** Input comes again after a pause, in which FFmpeg could not put out anything. */
  resume(nowMs: number): void {
    this.#resumedAtMs = nowMs;
  }

  /** Media seconds out per media second in, over the last 10 s: 1 if FFmpeg keeps up, null if too little went in to tell. */
  get value(): number | null {
    const [oldest] = this.#samples;
    const newest = this.#samples.at(-1);
    if (oldest === undefined || newest === undefined) return null;
    const fedMs = newest.fedMs - oldest.fedMs;
    if (fedMs < MIN_FED_MS) return null;
    return Math.round((100 * (newest.deliveredMs - oldest.deliveredMs)) / fedMs) / 100;
  }

  /** Null if FFmpeg was hardly further behind at the last sample than before. */
  get decline(): Decline | null {
    const newest = this.#samples.at(-1);
    if (newest === undefined) return null;
    let first = newest;
    for (const sample of this.#samples.toReversed()) {
      if (sample.nowMs < this.#resumedAtMs || lagMs(sample) > lagMs(newest)) break;
      if (first.nowMs - sample.nowMs < JITTER_MS) continue;
      if (lagMs(first) - lagMs(sample) < MIN_LOSS * (first.nowMs - sample.nowMs)) break;
      first = sample;
    }
    if (first === newest) return null;
    const speed = (newest.deliveredMs - first.deliveredMs) / (newest.nowMs - first.nowMs);
    return { sinceMs: first.nowMs, speed };
  }
}

/** How much of what went in has not come out. */
const lagMs = ({ fedMs, deliveredMs }: SpeedSample): number => fedMs - deliveredMs;
