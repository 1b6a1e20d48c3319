/** A frame rate that frame times show. */
export interface MeasuredFrameRate {
  readonly framesPerSecond: number;
  /** Standard error, as a share of the rate. */
  readonly error: number;
  /** Whether the frames come at this rate all the time: few are missing, and none is half a frame from its place. */
  readonly isSteady: boolean;
}

/** Enough for any decision, at 240 frames a second too. */
const WINDOW_MS = 3000;
/** Timestamps that go back, or on by more than this, say nothing about the frame rate. */
const MAX_DISTANCE_MS = 1500;
const MIN_REGULARITY = 0.9;
/** As a share of a frame's time. */
const MAX_NOISE = 0.25;

/** Measures a frame rate from timestamps in whole milliseconds, which may jitter, and among which some may be missing. */
export class FrameRateMeter {
  /** Of the last 3 s, oldest first. */
  #timesMs: number[] = [];

  get frames(): number {
    return this.#timesMs.length;
  }

  /** From the first frame to the last one, in milliseconds. */
  get spanMs(): number {
    return (this.#timesMs.at(-1) ?? 0) - (this.#timesMs[0] ?? 0);
  }

  add(timestampMs: number): void {
    const lastMs = this.#timesMs.at(-1) ?? timestampMs;
    // Across the 32-bit wrap.
    const distanceMs = (timestampMs - lastMs) | 0;
    if (distanceMs < 0 || distanceMs > MAX_DISTANCE_MS) this.#timesMs = [];
    const timeMs = this.#timesMs.length === 0 ? timestampMs : lastMs + distanceMs;
    this.#timesMs.push(timeMs);
    // Drops a sixth at once: each removal at the front moves everything that stays.
    if (this.spanMs > WINDOW_MS * 1.2) this.#timesMs = this.#timesMs.filter((otherMs) => timeMs - otherMs <= WINDOW_MS);
  }

  /** Null if the frame times do not tell. */
  measure(): MeasuredFrameRate | null {
    const distancesMs = this.#timesMs.slice(1).map((timeMs, index) => timeMs - (this.#timesMs[index] ?? timeMs));
    const usualMs = distancesMs.toSorted((a, b) => a - b)[Math.floor(distancesMs.length / 2)] ?? 0;
    if (usualMs <= 0) return null;
    // The median is rough if frames jitter. What it gives is good enough to count the frames of each distance.
    const rough = this.#fit(distancesMs, usualMs);
    const { slope, error, noise, steps } = rough.slope > 0 ? this.#fit(distancesMs, rough.slope) : rough;
    if (slope <= 0) return null;
    const regularity = steps.filter((step) => step === 1).length / steps.length;
    const isSteady = regularity >= MIN_REGULARITY && noise / slope <= MAX_NOISE;
    return { framesPerSecond: 1000 / slope, error: error / slope, isSteady };
  }

  #fit(distancesMs: readonly number[], periodMs: number): FittedLine & { readonly steps: readonly number[] } {
    const steps = distancesMs.map((distanceMs) => Math.max(1, Math.round(distanceMs / periodMs)));
    const indices = [0];
    for (const step of steps) indices.push((indices.at(-1) ?? 0) + step);
    return { ...fitLine(indices, this.#timesMs), steps };
  }
}

interface FittedLine {
  readonly slope: number;
  /** Standard error of the slope. */
  readonly error: number;
  /** Root mean square of what is between the points and the line. */
  readonly noise: number;
}

/** Least squares, `ys` over `xs`. There are at least two points. */
function fitLine(xs: readonly number[], ys: readonly number[]): FittedLine {
  const meanX = mean(xs);
  const meanY = mean(ys);
  let spread = 0;
  let slope = 0;
  for (const [index, x] of xs.entries()) {
    spread += (x - meanX) ** 2;
    slope += (x - meanX) * ((ys[index] ?? meanY) - meanY);
  }
  slope /= spread;
  const residuals = xs.map((x, index) => ((ys[index] ?? meanY) - meanY - slope * (x - meanX)) ** 2);
  const variance = mean(residuals) * (xs.length / Math.max(1, xs.length - 2));
  return { slope, error: Math.sqrt(variance / spread), noise: Math.sqrt(variance) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
