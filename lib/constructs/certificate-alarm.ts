import { Duration } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import type { AlarmTopic } from './alarm-topic.ts';

export interface CertificateAlarmProps {
  /** A topic in the certificate's region. */
  readonly topic: AlarmTopic;
  /** Null adds no alarm. */
  readonly domain: ResolvedStage['viewerDomain'];
}

/** Certificate Manager renews its own certificates 60 days before they expire. It can't renew imported ones. */
const FEWEST_DAYS = 30;

/** Adds an alarm that warns before a domain's certificate expires. Must be in the certificate's region. */
export function addCertificateAlarm(scope: Construct, id: string, { topic, domain }: CertificateAlarmProps): void {
  if (domain === null) return;
  const certificate = Certificate.fromCertificateArn(scope, `${id}Reference`, domain.certificateArn);
  topic.addAlarm(scope, id, {
    alarmDescription: `The certificate of ${domain.domainName} expires in less than ${FEWEST_DAYS} days.`,
    metric: certificate.metricDaysToExpiry({ period: Duration.days(1), statistic: 'Minimum' }),
    threshold: FEWEST_DAYS,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 1,
    // There is no metric of a certificate that has expired. The alarm must not end then.
    treatMissingData: TreatMissingData.IGNORE,
  });
}
