import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CLOUDFRONT_REGION } from '#config/regions.ts';

/** A metric of a CloudFront distribution. All of them are in us-east-1, as is their one region, "Global". */
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
