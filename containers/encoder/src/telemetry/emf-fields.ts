import { ENCODER_METRICS, type EncoderMetricName, METRICS_DIMENSION } from '#domain/metrics.ts';
import type { MetricsTarget } from './metrics-target.ts';

/** What there is to report; a metric that is left out or null is in no line. */
export type MetricValues = { readonly [Name in EncoderMetricName]?: number | null };

/**
 * The fields that make metrics of a JSON log line: CloudWatch's embedded metric format (CloudWatch User Guide, "Specification:
 * Embedded metric format"). They have to be the line's own fields, beside which it may have others.
 */
export function emfFields(
  target: MetricsTarget,
  timeMs: number,
  values: MetricValues,
): Readonly<Record<string, unknown>> {
  const metrics = ENCODER_METRICS.filter(({ name }) => typeof values[name] === 'number');
  return {
    _aws: {
      Timestamp: timeMs,
      CloudWatchMetrics: [
        {
          Namespace: target.namespace,
          Dimensions: [[METRICS_DIMENSION]],
          Metrics: metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    [METRICS_DIMENSION]: target.stage,
    ...Object.fromEntries(metrics.map(({ name }) => [name, values[name]])),
  };
}
