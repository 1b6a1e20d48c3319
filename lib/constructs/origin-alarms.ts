import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { HttpCodeElb, HttpCodeTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { ladderRungs } from '#domain/ladders.ts';
import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { METRICS_INTERVAL_SECONDS } from '#domain/metrics.ts';
import type { AlarmTopic } from './alarm-topic.ts';
import type { OriginListener } from './origin-listener.ts';
import { encoderMetric } from './stage-metrics.ts';

export interface OriginAlarmsProps extends Pick<ResolvedStage, 'name' | 'ladder' | 'codecs' | 'originShieldRegion'> {
  readonly topic: AlarmTopic;
  readonly origin: OriginListener;
}

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
const ERROR_PERCENT = 1;
/** CloudFront had 13 regional edge caches in 2025. Each may ask the origin for everything once. */
const MAX_REGIONAL_CACHES = 15;
/** For each part, a cache asks for a playlist and the part. */
const REQUESTS_PER_PART = 2;

/** The alarms on the origin. docs/operations.md says what to do about each. */
export class OriginAlarms extends Construct {
  constructor(scope: Construct, id: string, props: OriginAlarmsProps) {
    super(scope, id);
    this.#addErrors(props);
    this.#addRequestsPerStream(props);
  }

  #addErrors({ topic, origin: { loadBalancer, targetGroup } }: OriginAlarmsProps): void {
    const options = { period: MINUTE, statistic: 'Sum' };
    topic.addAlarm(this, 'OriginErrors', {
      alarmDescription: 'The origin answers more than 1 % of requests with a 5xx.',
      metric: new MathExpression({
        // The load balancer's RequestCount leaves out requests for which there was no healthy task. Each of them is a 503.
        expression: '100 * (FILL(target, 0) + FILL(balancer, 0)) / (FILL(requests, 0) + FILL(unrouted, 0))',
        usingMetrics: {
          target: targetGroup.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, options),
          balancer: loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, options),
          requests: loadBalancer.metrics.requestCount(options),
          unrouted: loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_503_COUNT, options),
        },
        period: MINUTE,
        label: '5xx in percent',
      }),
      threshold: ERROR_PERCENT,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
  }

  /**
   * Caches that work ask for each file of a stream once each, however many viewers there are. A hit rate would say less:
   * a single viewer misses everything.
   */
  #addRequestsPerStream({ name, topic, origin, ...stage }: OriginAlarmsProps): void {
    const reports = FIVE_MINUTES.toSeconds() / METRICS_INTERVAL_SECONDS;
    const expression = `IF(reports > 0, (requests / ${FIVE_MINUTES.toMinutes()}) / (reports / ${reports}), 0)`;
    topic.addAlarm(this, 'OriginRequestsPerStream', {
      alarmDescription: 'The origin gets more requests for each live stream than all caches together need.',
      metric: new MathExpression({
        expression,
        usingMetrics: {
          requests: origin.loadBalancer.metrics.requestCount({ period: FIVE_MINUTES, statistic: 'Sum' }),
          // Each task reports its live streams several times a minute.
          reports: encoderMetric(name, 'StreamsLive', 'Sum').with({ period: FIVE_MINUTES }),
        },
        period: FIVE_MINUTES,
        label: 'origin requests a minute and live stream',
      }),
      threshold: mostRequestsPerMinute(stage),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
    });
  }
}

/** What all caches together may ask for in a minute, if viewers watch every rendition of a stream with the shortest parts. */
function mostRequestsPerMinute({
  ladder,
  codecs,
  originShieldRegion,
}: Pick<ResolvedStage, 'ladder' | 'codecs' | 'originShieldRegion'>): number {
  const renditions = ladderRungs(ladder).length * codecs.length + 1;
  const caches = originShieldRegion === null ? MAX_REGIONAL_CACHES : 1;
  return Math.ceil((60 / LATENCY_PROFILES.ultra.partSeconds) * REQUESTS_PER_PART * renditions * caches);
}
