import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type EncoderMetricName, METRICS_DIMENSION, METRICS_NAMESPACE } from '#domain/metrics.ts';

/** A metric that the encoder tasks of a stage report, by the minute. */
export function encoderMetric(
  stageName: string,
  metricName: EncoderMetricName,
  statistic: 'Average' | 'Minimum' | 'Maximum' | 'Sum',
): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { [METRICS_DIMENSION]: stageName },
    statistic,
    period: Duration.minutes(1),
  });
}
