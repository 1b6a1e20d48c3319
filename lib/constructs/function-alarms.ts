import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { WEBHOOK_FAILED } from '#domain/ingest-auth.ts';
import { METRICS_NAMESPACE } from '#domain/metrics.ts';
import type { AlarmTopic } from './alarm-topic.ts';
import type { ControlApiGateway } from './control-api-gateway.ts';
import type { IngestAuthFunction } from './ingest-auth-function.ts';
import type { NodeFunction } from './node-function.ts';

export interface FunctionAlarmsProps {
  readonly stageName: string;
  readonly topic: AlarmTopic;
  readonly ingestAuth: IngestAuthFunction;
  readonly controlApi: NodeFunction;
  readonly gateway: ControlApiGateway;
}

const EACH_MINUTE = { period: Duration.minutes(1), statistic: 'Sum' };
const FIVE_MINUTES = { period: Duration.minutes(5), statistic: 'Sum' };

/** The alarms on ingest-auth and the control API. docs/operations.md says what to do about each. */
export class FunctionAlarms extends Construct {
  readonly #topic: AlarmTopic;

  constructor(scope: Construct, id: string, props: FunctionAlarmsProps) {
    super(scope, id);
    this.#topic = props.topic;
    this.#addIngestAuthAlarms(props);
    this.#addControlApiAlarms(props);
  }

  #addIngestAuthAlarms({ stageName, ingestAuth }: FunctionAlarmsProps): void {
    const { nodeFunction, webhookSecret } = ingestAuth;
    const lambda = nodeFunction.function;
    this.#add('IngestAuthErrors', 'ingest-auth fails: publishes are refused.', lambda.metricErrors(EACH_MINUTE));
    this.#add(
      'IngestAuthThrottles',
      "The account's Lambda concurrency is used up: publishes are refused.",
      lambda.metricThrottles(EACH_MINUTE),
    );
    if (webhookSecret === null) return;
    const filter = new MetricFilter(this, 'WebhookFailures', {
      logGroup: nodeFunction.logGroup,
      filterPattern: FilterPattern.stringValue('$.msg', '=', WEBHOOK_FAILED),
      metricNamespace: METRICS_NAMESPACE,
      metricName: `WebhookFailures-${stageName}`,
      metricValue: '1',
    });
    this.#add(
      'WebhookFailing',
      'Your backend does not answer ingest-auth: publishes are refused.',
      filter.metric(EACH_MINUTE),
    );
  }

  #addControlApiAlarms({ controlApi, gateway }: FunctionAlarmsProps): void {
    this.#add(
      'ControlApiErrors',
      'The control API answered three requests with a 5xx within five minutes.',
      // The gateway counts the function's own 5xx and its failures.
      gateway.httpApi.metricServerError(FIVE_MINUTES),
      3,
    );
    this.#add(
      'ControlApiThrottles',
      "The account's Lambda concurrency is used up: requests to the control API fail.",
      controlApi.function.metricThrottles(FIVE_MINUTES),
    );
  }

  #add(id: string, alarmDescription: string, metric: IMetric, threshold = 1): void {
    this.#topic.addAlarm(this, id, {
      alarmDescription,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
    });
  }
}
