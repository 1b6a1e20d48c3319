import { ENCODER_METRICS, type EncoderMetricName, METRICS_DIMENSION } from '#domain/metrics.ts';
import type { MetricsTarget } from './metrics-target.ts';

/** Values to report. A metric that is missing or null is left out. */
export type MetricValues = { readonly [Name in EncoderMetricName]?: number | null };

/**
 * The fields that turn a JSON log line into metrics, in CloudWatch's embedded metric format (CloudWatch User Guide,
 * "Specification: Embedded metric format"). They must be top-level fields of the line, which may have others too.
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
