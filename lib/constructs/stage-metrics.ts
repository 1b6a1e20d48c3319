import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CLOUDFRONT_REGION } from '#config/regions.ts';
import { type EncoderMetricName, METRICS_DIMENSION, METRICS_NAMESPACE } from '#domain/metrics.ts';

/** A metric that the stage's encoder tasks report, per minute. */
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

/** A metric of a CloudFront distribution. All of them are in us-east-1, with "Global" as their Region dimension. */
export function distributionMetric(
  distributionId: string,
  metricName: 'Requests' | 'BytesDownloaded' | 'CacheHitRate' | '4xxErrorRate' | '5xxErrorRate' | 'OriginLatency',
  statistic: string,
  period: Duration = Duration.minutes(1),
): Metric {
  return new Metric({
    namespace: 'AWS/CloudFront',
    metricName,
    dimensionsMap: { DistributionId: distributionId, Region: 'Global' },
    statistic,
    period,
    region: CLOUDFRONT_REGION,
  });
}
