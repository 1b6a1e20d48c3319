import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { AlarmTopic } from './alarm-topic.ts';
import { distributionMetric } from './stage-metrics.ts';

export interface DeliveryAlarmsProps {
  readonly distributionId: string;
  readonly topic: AlarmTopic;
}

const FIVE_MINUTES = Duration.minutes(5);
const ERROR_PERCENT = 1;
const LEAST_HIT_PERCENT = 80;
/** Two viewers of the default profile make about this many in five minutes. With fewer, the hit rate says nothing. */
const FEWEST_REQUESTS = 5_000;

/** The alarms on CloudFront, whose metrics are in us-east-1. docs/operations.md says what to do about each. */
export class DeliveryAlarms extends Construct {
  constructor(scope: Construct, id: string, { distributionId, topic }: DeliveryAlarmsProps) {
    super(scope, id);
    const errors = new Alarm(this, 'DeliveryErrors', {
      alarmDescription: 'CloudFront answers more than 1 % of viewers with a 5xx.',
      metric: distributionMetric(distributionId, '5xxErrorRate', 'Average'),
      threshold: ERROR_PERCENT,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    topic.notify(errors);
    const hitRate = new Alarm(this, 'LowCacheHitRate', {
      alarmDescription: 'While streams are watched, less than 80 % of requests are answered by the caches.',
      metric: new MathExpression({
        expression: `IF(requests > ${FEWEST_REQUESTS}, hits, 100)`,
        usingMetrics: {
          requests: distributionMetric(distributionId, 'Requests', 'Sum', FIVE_MINUTES),
          hits: distributionMetric(distributionId, 'CacheHitRate', 'Average', FIVE_MINUTES),
        },
        period: FIVE_MINUTES,
        label: 'cache hit rate while streams are watched',
      }),
      threshold: LEAST_HIT_PERCENT,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    topic.notify(hitRate);
  }
}
