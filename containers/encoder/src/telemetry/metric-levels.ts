import type { StreamsLoad } from '#encoder/streams/live-streams.ts';
import type { MetricLevels } from './metrics-reporter.ts';

/** A task's load in metrics. */
export function metricLevels({ slots, slotsUsed, streamsLive, encoderSpeed }: StreamsLoad): MetricLevels {
  return {
    StreamSlotsUsed: slotsUsed,
    StreamSlotsAvailable: slots - slotsUsed,
    StreamSlotsUsedPercent: Math.round((1000 * slotsUsed) / slots) / 10,
    StreamsLive: streamsLive,
    EncoderSpeed: encoderSpeed,
  };
}
