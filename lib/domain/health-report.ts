import type { StreamHealth } from './streams.ts';

/** From one sample of a history to the next. */
export const HEALTH_SAMPLE_SECONDS = 5;
/** Ten minutes. */
export const HEALTH_HISTORY_SAMPLES = 120;

/** The measures of a stream's health that have a history. */
export const HEALTH_MEASURES = [
  'inputKbps',
  'frameRate',
  'keyframeIntervalSeconds',
  'encoderSpeed',
  'droppedFrames',
  'audioLevelDb',
] as const satisfies readonly (keyof StreamHealth)[];

/**
 * Samples of each measure, oldest first, all of the same number. Null where nobody published, or where the measure was not known.
 */
export type HealthHistory = Readonly<Record<(typeof HEALTH_MEASURES)[number], readonly (number | null)[]>>;

/** Body of a stream's health.json. It is for those who broadcast; viewers have no token for it. */
export interface HealthReport {
  /** Null while nobody publishes. */
  readonly now: StreamHealth | null;
  /** Since when viewers can play the broadcast. ISO 8601, UTC. Null while they can not. */
  readonly startedAt: string | null;
  readonly sampleSeconds: number;
  /** The moment of the newest samples. ISO 8601, UTC. */
  readonly endsAt: string;
  readonly history: HealthHistory;
}
