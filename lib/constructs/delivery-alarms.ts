import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import type { AlarmTopic } from './alarm-topic.ts';
import { addCertificateAlarm } from './certificate-alarm.ts';
import { distributionMetric } from './stage-metrics.ts';

export interface DeliveryAlarmsProps extends Pick<ResolvedStage, 'viewerDomain'> {
  readonly distributionId: string;
  readonly topic: AlarmTopic;
}

const ERROR_PERCENT = 1;

/**
 * The alarms on CloudFront, whose metrics and certificate are in us-east-1. docs/operations.md says what to do about
 * each.
 */
export class DeliveryAlarms extends Construct {
  constructor(scope: Construct, id: string, { distributionId, viewerDomain, topic }: DeliveryAlarmsProps) {
    super(scope, id);
    topic.addAlarm(this, 'DeliveryErrors', {
      alarmDescription: 'CloudFront answers more than 1 % of viewers with a 5xx.',
      metric: distributionMetric(distributionId, '5xxErrorRate', 'Average'),
      threshold: ERROR_PERCENT,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
    addCertificateAlarm(this, 'ViewerCertificate', { topic, domain: viewerDomain });
  }
}
