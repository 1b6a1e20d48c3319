import type { LadderName } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';

/** What is planned: some streams with some viewers, for some hours of one month. */
export interface PlannedEvent {
  /** Viewers of all streams together, who watch from beginning to end. */
  readonly viewers: number;
  readonly hours: number;
  /** Streams that are on air at the same time. */
  readonly streams: number;
  readonly ladder: LadderName;
  /** The rung that every viewer watches. */
  readonly rung: LadderName;
  readonly latency: LatencyName;
  /** Whether the month's free bytes and requests went to something else. */
  readonly isFreeUsedUp: boolean;
}

/** AWS counts a month as this many hours. */
export const HOURS_PER_MONTH = 730;

/** A stage on which nothing happens for a month. */
export const IDLE_MONTH: PlannedEvent = {
  viewers: 0,
  hours: HOURS_PER_MONTH,
  streams: 0,
  ladder: '720p',
  rung: '720p',
  latency: 'low',
  isFreeUsedUp: false,
};
