/**
 * How far behind live viewers are, against how much risk of stalling they take. Durations are nominal: the encoder
 * rounds them to whole frames, so the playlist's own figures are what players go by.
 */
export const LATENCY_PROFILES = {
  ultra: { partSeconds: 0.2, segmentSeconds: 1, keyframeSeconds: 1, windowSeconds: 30 },
  low: { partSeconds: 0.5, segmentSeconds: 2, keyframeSeconds: 2, windowSeconds: 40 },
  standard: { partSeconds: null, segmentSeconds: 4, keyframeSeconds: 2, windowSeconds: 48 },
} as const satisfies Record<string, LatencyProfile>;

/** One latency profile. `partSeconds: null` means plain HLS without parts. */
export interface LatencyProfile {
  /** Length of an EXT-X-PART, or null for none. */
  readonly partSeconds: number | null;
  readonly segmentSeconds: number;
  /** Distance of IDR frames; a divisor of `segmentSeconds`. */
  readonly keyframeSeconds: number;
  /** Media kept in the playlist; at least 6 target durations, which CAN-SKIP-UNTIL needs (RFC 8216bis 4.4.3.8). */
  readonly windowSeconds: number;
}

export type LatencyName = keyof typeof LATENCY_PROFILES;
export const LATENCY_NAMES = Object.keys(LATENCY_PROFILES) as LatencyName[];
export const DEFAULT_LATENCY: LatencyName = 'low';
