/**
 * Each profile trades latency for the risk of stalling. Durations are nominal. The packager rounds them to whole
 * frames, and players use the figures in the playlist.
 */
export const LATENCY_PROFILES = {
  ultra: { partSeconds: 0.2, segmentSeconds: 1, keyframeSeconds: 1, windowSeconds: 30 },
  low: { partSeconds: 0.5, segmentSeconds: 2, keyframeSeconds: 2, windowSeconds: 40 },
  standard: { partSeconds: null, segmentSeconds: 4, keyframeSeconds: 2, windowSeconds: 48 },
} as const satisfies Record<string, LatencyProfile>;

/** One latency profile. */
export interface LatencyProfile {
  /** Length of an EXT-X-PART. Null means plain HLS without parts. */
  readonly partSeconds: number | null;
  readonly segmentSeconds: number;
  /** Distance between IDR frames. It divides `segmentSeconds`. */
  readonly keyframeSeconds: number;
  /** How much media the playlist keeps. CAN-SKIP-UNTIL needs at least 6 target durations (RFC 8216bis 4.4.3.8). */
  readonly windowSeconds: number;
}

export type LatencyName = keyof typeof LATENCY_PROFILES;
export const LATENCY_NAMES = Object.keys(LATENCY_PROFILES) as LatencyName[];
export const DEFAULT_LATENCY: LatencyName = 'low';

/** For each part or segment, a viewer loads a playlist and a piece of media, for both video and audio. */
const REQUESTS_PER_PIECE = 4;

/** The requests that one viewer makes in a second, on average. */
export function viewerRequestsPerSecond(latency: LatencyName): number {
  const { partSeconds, segmentSeconds } = LATENCY_PROFILES[latency];
  return REQUESTS_PER_PIECE / (partSeconds ?? segmentSeconds);
}
