/** A metric that an encoder task reports. */
export interface EncoderMetric {
  readonly name: string;
  /** One of CloudWatch's units (API reference, MetricDatum). */
  readonly unit: 'Count' | 'Percent' | 'None';
  /** How things stand at the moment, or how often something happened since the report before. */
  readonly kind: 'level' | 'count';
}

/** Seconds between two reports of a task; CloudWatch keeps them at its standard resolution of a minute. */
export const METRICS_INTERVAL_SECONDS = 15;

/** The one dimension. Tasks share it, or a metric would begin anew with each of them. */
export const METRICS_DIMENSION = 'Stage';

/**
 * What every encoder task reports. Average, Minimum and Maximum of a level are those over the tasks. Its total over the tasks is
 * the Sum divided by the reports that a task makes in the period; the Sum of a count is the number of times.
 */
export const ENCODER_METRICS = [
  /** Broadcasts that are on air, being accepted, or waiting for their publisher to come back. */
  { name: 'StreamSlotsUsed', unit: 'Count', kind: 'level' },
  /** Further broadcasts that the task would take. */
  { name: 'StreamSlotsAvailable', unit: 'Count', kind: 'level' },
  /** The slots in use, of all that the task has. */
  { name: 'StreamSlotsUsedPercent', unit: 'Percent', kind: 'level' },
  /** Streams that viewers can play, those whose publisher may still come back included. */
  { name: 'StreamsLive', unit: 'Count', kind: 'level' },
  /** Media seconds out per media second in of the slowest stream: 1 keeps up. Left out where none can tell. */
  { name: 'EncoderSpeed', unit: 'None', kind: 'level' },
  /** Live streams that went on with a new FFmpeg, for whatever reason (`encoder.restarted`). */
  { name: 'EncoderRestarts', unit: 'Count', kind: 'count' },
  /** Publishes that were refused, for whatever reason (`stream.refused`). */
  { name: 'RefusedPublishes', unit: 'Count', kind: 'count' },
  /** Connections that broke the RTMP protocol or a limit of it. */
  { name: 'RtmpViolations', unit: 'Count', kind: 'count' },
] as const satisfies readonly EncoderMetric[];

type Row = (typeof ENCODER_METRICS)[number];

export type EncoderMetricName = Row['name'];
/** Metrics of what is so at the moment. */
export type LevelName = Extract<Row, { readonly kind: 'level' }>['name'];
/** Metrics of what happened since the report before. */
export type CountName = Extract<Row, { readonly kind: 'count' }>['name'];

/** CloudWatch namespace of the metrics in a deployment. */
export const METRICS_NAMESPACE = 'Headend';
