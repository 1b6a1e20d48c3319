/** A metric that an encoder task reports. */
export interface EncoderMetric {
  readonly name: string;
  /** One of CloudWatch's units (API reference, MetricDatum). */
  readonly unit: 'Count' | 'Percent' | 'None';
  /** A level is a state at the moment. A count says how often something happened since the last report. */
  readonly kind: 'level' | 'count';
}

/** Seconds between two reports of a task. CloudWatch keeps them at its standard resolution of one minute. */
export const METRICS_INTERVAL_SECONDS = 15;

/**
 * The only dimension. All tasks share its value, because a dimension per task would start a new metric with each task.
 */
export const METRICS_DIMENSION = 'Stage';

/**
 * What every encoder task reports. A level's Average, Minimum and Maximum are taken over the tasks. Its total over the
 * tasks is the Sum divided by the number of reports that one task makes in the period. A count's Sum is how often it
 * happened.
 */
export const ENCODER_METRICS = [
  /** Broadcasts that are on air, being accepted, or waiting for their publisher to come back. */
  { name: 'StreamSlotsUsed', unit: 'Count', kind: 'level' },
  /** Broadcasts that the task could take in addition. */
  { name: 'StreamSlotsAvailable', unit: 'Count', kind: 'level' },
  /** Share of the task's slots that are in use. */
  { name: 'StreamSlotsUsedPercent', unit: 'Percent', kind: 'level' },
  /** Streams that viewers can play, including those whose publisher may still come back. */
  { name: 'StreamsLive', unit: 'Count', kind: 'level' },
  /** Streams of which viewers get less than ladder and source allow, because the encoder did not keep up. */
  { name: 'StreamsReduced', unit: 'Count', kind: 'level' },
  /** Media seconds out per media second in, for the slowest stream. 1 keeps up. Left out if unknown for all streams. */
  { name: 'EncoderSpeed', unit: 'None', kind: 'level' },
  /** Live streams that continued with a new FFmpeg process, for any reason (`encoder.restarted`). */
  { name: 'EncoderRestarts', unit: 'Count', kind: 'count' },
  /** Steps of live streams to less or more quality (`stream.quality-changed`). */
  { name: 'QualitySteps', unit: 'Count', kind: 'count' },
  /** Publishes that were refused, for any reason (`stream.refused`). */
  { name: 'RefusedPublishes', unit: 'Count', kind: 'count' },
  /** Connections that violated the RTMP protocol or one of our limits. */
  { name: 'RtmpViolations', unit: 'Count', kind: 'count' },
] as const satisfies readonly EncoderMetric[];

type Row = (typeof ENCODER_METRICS)[number];

export type EncoderMetricName = Row['name'];
/** Metrics that are a state at the moment. */
export type LevelName = Extract<Row, { readonly kind: 'level' }>['name'];
/** Metrics that count what happened since the last report. */
export type CountName = Extract<Row, { readonly kind: 'count' }>['name'];

/** CloudWatch namespace of a deployment's metrics. */
export const METRICS_NAMESPACE = 'Headend';
