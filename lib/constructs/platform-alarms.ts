import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import type { AlarmTopic } from './alarm-topic.ts';
import { addCertificateAlarm } from './certificate-alarm.ts';
import { EncoderAlarms, type EncoderAlarmsProps } from './encoder-alarms.ts';
import { FunctionAlarms, type FunctionAlarmsProps } from './function-alarms.ts';
import { OriginAlarms } from './origin-alarms.ts';
import type { OriginListener } from './origin-listener.ts';
import type { StreamTables } from './stream-tables.ts';

export interface PlatformAlarmsProps
  extends Pick<EncoderAlarmsProps, 'publishVCpus' | 'service' | 'ingest'>,
    Pick<FunctionAlarmsProps, 'ingestAuth' | 'controlApi' | 'gateway'> {
  readonly stage: ResolvedStage;
  readonly topic: AlarmTopic;
  readonly origin: OriginListener;
  readonly tables: StreamTables;
}

/** The alarms on everything except CloudFront. docs/operations.md says what to do about each. */
export class PlatformAlarms extends Construct {
  constructor(scope: Construct, id: string, props: PlatformAlarmsProps) {
    super(scope, id);
    const { stage, topic, tables } = props;
    const common = { ...props, stageName: stage.name };
    new EncoderAlarms(this, 'Encoder', common);
    new FunctionAlarms(this, 'Functions', common);
    new OriginAlarms(this, 'Origin', { ...stage, topic, origin: props.origin });
    this.#addThrottles(topic, tables, 'Read');
    this.#addThrottles(topic, tables, 'Write');
    const domains = { IngestCertificate: stage.ingestDomain, ApiCertificate: stage.apiDomain };
    for (const [alarmId, domain] of Object.entries(domains)) addCertificateAlarm(this, alarmId, { topic, domain });
  }

  /** Tables on demand are throttled if traffic doubles within half an hour, or if one key gets too much of it. */
  #addThrottles(topic: AlarmTopic, tables: StreamTables, kind: 'Read' | 'Write'): void {
    const period = Duration.minutes(5);
    const metrics = tables.allNames.map((TableName, index) => [
      `table${index}`,
      new Metric({
        namespace: 'AWS/DynamoDB',
        metricName: `${kind}ThrottleEvents`,
        dimensionsMap: { TableName },
        statistic: 'Sum',
        period,
      }),
    ]);
    topic.addAlarm(this, `Database${kind}Throttles`, {
      alarmDescription: `DynamoDB throttles ${kind === 'Read' ? 'reads of' : 'writes to'} a table: requests are slow, or fail.`,
      metric: new MathExpression({
        expression: 'SUM(METRICS())',
        usingMetrics: Object.fromEntries(metrics),
        period,
        label: `throttled ${kind.toLowerCase()}s`,
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
    });
  }
}
