import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { AlarmTopic } from './alarm-topic.ts';
import type { IngestListener } from './ingest-listener.ts';
import { encoderMetric } from './stage-metrics.ts';

export interface EncoderAlarmsProps {
  readonly stageName: string;
  /** What a broadcast of the stage's ladder takes of a task. */
  readonly publishVCpus: number;
  readonly topic: AlarmTopic;
  readonly service: FargateService;
  readonly ingest: IngestListener;
}

const MINUTE = Duration.minutes(1);
/** Below this speed, a stream falls behind by about a second every half minute. */
const SLOW_ENCODER_SPEED = 0.97;
/** ECS kills a task at 100 %, and all of its broadcasts move. */
const HIGH_MEMORY_PERCENT = 85;

/** The alarms on the encoder tasks, and the notice of a failed deployment. docs/operations.md says what to do about each. */
export class EncoderAlarms extends Construct {
  constructor(scope: Construct, id: string, props: EncoderAlarmsProps) {
    super(scope, id);
    this.#addTaskAlarms(props);
    this.#addEncodingAlarms(props);
    this.#addRoomAlarms(props);
    this.#addDeploymentNotice(props);
  }

  #addTaskAlarms({ topic, ingest, service }: EncoderAlarmsProps): void {
    topic.addAlarm(this, 'NoHealthyTask', {
      alarmDescription: 'No encoder task is healthy: nobody can publish or watch.',
      // Each zone counts its own tasks, and a zone without tasks reports 0.
      metric: ingest.targetGroup.metrics.healthyHostCount({ statistic: 'Maximum', period: MINUTE }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 2,
      treatMissingData: TreatMissingData.BREACHING,
    });
    topic.addAlarm(this, 'TaskMemory', {
      alarmDescription: `A task uses more than ${HIGH_MEMORY_PERCENT} % of its memory: ECS kills it at 100 %.`,
      metric: service.metricMemoryUtilization({ statistic: 'Maximum', period: MINUTE }),
      threshold: HIGH_MEMORY_PERCENT,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
  }

  #addEncodingAlarms({ topic, stageName }: EncoderAlarmsProps): void {
    topic.addAlarm(this, 'EncoderFallingBehind', {
      alarmDescription: 'A task encodes a stream more slowly than real time: its viewers stall.',
      metric: encoderMetric(stageName, 'EncoderSpeed', 'Minimum'),
      threshold: SLOW_ENCODER_SPEED,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
    topic.addAlarm(this, 'EncoderRestarts', {
      alarmDescription: 'FFmpeg was replaced again and again within five minutes.',
      metric: encoderMetric(stageName, 'EncoderRestarts', 'Sum').with({ period: Duration.minutes(5) }),
      threshold: 5,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
    });
  }

  #addRoomAlarms({ topic, stageName, publishVCpus }: EncoderAlarmsProps): void {
    topic.addAlarm(this, 'NoRoom', {
      alarmDescription: 'No task has room for another broadcast: publishes are refused until another task is up.',
      // The freest task, because a broadcast needs its room on one task.
      metric: encoderMetric(stageName, 'RoomFreeVcpus', 'Maximum'),
      threshold: publishVCpus,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
    topic.addAlarm(this, 'PublishesWithoutRoom', {
      alarmDescription: 'A broadcaster was refused because no task had room.',
      metric: encoderMetric(stageName, 'PublishesWithoutRoom', 'Sum'),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
    });
  }

  /** ECS has no metric for it, only an event (ECS developer guide, "Service deployment state change events"). */
  #addDeploymentNotice({ topic, service, stageName }: EncoderAlarmsProps): void {
    const rule = new Rule(this, 'DeploymentFailed', {
      description: `Headend ${stageName}: a deployment of the encoder tasks failed`,
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Deployment State Change'],
        resources: [service.serviceArn],
        detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
      },
    });
    const message = `Headend ${stageName}: a deployment of the encoder tasks failed, and ECS rolls it back. The service's events say why.`;
    topic.allowEvents();
    rule.addTarget({ bind: () => ({ arn: topic.topic.topicArn, input: RuleTargetInput.fromText(message) }) });
  }
}
