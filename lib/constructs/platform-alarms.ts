import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { HttpCodeElb, HttpCodeTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { WEBHOOK_FAILED } from '#domain/ingest-auth.ts';
import { METRICS_NAMESPACE } from '#domain/metrics.ts';
import type { AlarmTopic } from './alarm-topic.ts';
import type { IngestAuthFunction } from './ingest-auth-function.ts';
import type { IngestListener } from './ingest-listener.ts';
import type { OriginListener } from './origin-listener.ts';
import { encoderMetric } from './stage-metrics.ts';

export interface PlatformAlarmsProps {
  readonly stageName: string;
  /** What a broadcast of the stage's ladder takes of a task. */
  readonly publishVCpus: number;
  readonly topic: AlarmTopic;
  readonly ingest: IngestListener;
  readonly origin: OriginListener;
  readonly ingestAuth: IngestAuthFunction;
}

const MINUTE = Duration.minutes(1);
/** Below this speed, a stream falls behind by about a second every half minute. */
const SLOW_ENCODER_SPEED = 0.97;
const ERROR_PERCENT = 1;

/** The alarms on everything except CloudFront. docs/operations.md says what to do about each. */
export class PlatformAlarms extends Construct {
  readonly #topic: AlarmTopic;

  constructor(scope: Construct, id: string, props: PlatformAlarmsProps) {
    super(scope, id);
    this.#topic = props.topic;
    this.#addEncoderAlarms(props);
    this.#addIngestAuthAlarms(props);
    this.#addOriginAlarm(props.origin);
  }

  #addEncoderAlarms({ stageName, publishVCpus, ingest }: PlatformAlarmsProps): void {
    this.#add('NoHealthyTask', {
      alarmDescription: 'No encoder task is healthy: nobody can publish or watch.',
      // Each zone counts its own tasks, and a zone without tasks reports 0.
      metric: ingest.targetGroup.metrics.healthyHostCount({ statistic: 'Maximum', period: MINUTE }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 2,
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.#add('EncoderFallingBehind', {
      alarmDescription: 'A task encodes a stream more slowly than real time: its viewers stall.',
      metric: encoderMetric(stageName, 'EncoderSpeed', 'Minimum'),
      threshold: SLOW_ENCODER_SPEED,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
    this.#add('EncoderRestarts', {
      alarmDescription: 'FFmpeg was replaced again and again within five minutes.',
      metric: encoderMetric(stageName, 'EncoderRestarts', 'Sum').with({ period: Duration.minutes(5) }),
      threshold: 5,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
    });
    this.#add('NoRoom', {
      alarmDescription: 'No task has room for another broadcast: publishes are refused until another task is up.',
      // The freest task, because a broadcast needs its room on one task.
      metric: encoderMetric(stageName, 'RoomFreeVcpus', 'Maximum'),
      threshold: publishVCpus,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
  }

  #addIngestAuthAlarms({ stageName, ingestAuth }: PlatformAlarmsProps): void {
    const { nodeFunction, webhookSecret } = ingestAuth;
    this.#add('IngestAuthErrors', {
      alarmDescription: 'ingest-auth fails: publishes are refused.',
      metric: nodeFunction.function.metricErrors({ period: MINUTE, statistic: 'Sum' }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
    });
    if (webhookSecret === null) return;
    const filter = new MetricFilter(this, 'WebhookFailures', {
      logGroup: nodeFunction.logGroup,
      filterPattern: FilterPattern.stringValue('$.msg', '=', WEBHOOK_FAILED),
      metricNamespace: METRICS_NAMESPACE,
      metricName: `WebhookFailures-${stageName}`,
      metricValue: '1',
    });
    this.#add('WebhookFailing', {
      alarmDescription: 'Your backend does not answer ingest-auth: publishes are refused.',
      metric: filter.metric({ statistic: 'Sum', period: MINUTE }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
    });
  }

  #addOriginAlarm({ loadBalancer, targetGroup }: OriginListener): void {
    const options = { period: MINUTE, statistic: 'Sum' };
    const usingMetrics: Record<string, IMetric> = {
      target: targetGroup.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, options),
      balancer: loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, options),
      requests: loadBalancer.metrics.requestCount(options),
    };
    this.#add('OriginErrors', {
      alarmDescription: 'The origin answers more than 1 % of requests with a 5xx.',
      metric: new MathExpression({
        expression: '100 * (FILL(target, 0) + FILL(balancer, 0)) / requests',
        usingMetrics,
        period: MINUTE,
        label: '5xx in percent',
      }),
      threshold: ERROR_PERCENT,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
  }

  #add(id: string, props: AlarmProps): void {
    this.#topic.notify(new Alarm(this, id, { treatMissingData: TreatMissingData.NOT_BREACHING, ...props }));
  }
}
