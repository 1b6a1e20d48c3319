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
  /** vCPUs that a task has for broadcasts. */
  { name: 'RoomVcpus', unit: 'None', kind: 'level' },
  /** vCPUs that broadcasts hold: those on air, being accepted, or waiting for their publisher to come back. */
  { name: 'RoomUsedVcpus', unit: 'None', kind: 'level' },
  /** vCPUs that the task still has for further broadcasts. */
  { name: 'RoomFreeVcpus', unit: 'None', kind: 'level' },
  /** `RoomUsedVcpus`, and what the publishes would have taken that were turned away in the last three minutes. */
  { name: 'RoomDemandVcpus', unit: 'None', kind: 'level' },
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
  /** Those of them that were refused because no task had room. */
  { name: 'PublishesWithoutRoom', unit: 'Count', kind: 'count' },
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
