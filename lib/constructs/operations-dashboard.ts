import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { HttpCodeElb, HttpCodeTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { METRICS_INTERVAL_SECONDS } from '#domain/metrics.ts';
import type { IngestListener } from './ingest-listener.ts';
import type { OriginListener } from './origin-listener.ts';
import { distributionMetric, encoderMetric } from './stage-metrics.ts';

export interface OperationsDashboardProps {
  readonly stageName: string;
  readonly service: FargateService;
  readonly ingest: IngestListener;
  readonly origin: OriginListener;
  readonly distributionId: string;
}

const MINUTE = Duration.minutes(1);
const WIDGET_WIDTH = 8;

/** A CloudWatch dashboard with one row for each part of the path from broadcaster to viewer. */
export class OperationsDashboard extends Construct {
  constructor(scope: Construct, id: string, props: OperationsDashboardProps) {
    super(scope, id);
    new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(3),
      widgets: [encoderRow(props), ingestRow(props), originRow(props.origin), deliveryRow(props.distributionId)],
    });
  }
}

function encoderRow({ stageName, service }: OperationsDashboardProps): GraphWidget[] {
  return [
    graph(
      'Room (vCPUs) and streams',
      [
        total(stageName, 'RoomVcpus', 'all room'),
        total(stageName, 'RoomUsedVcpus', 'used'),
        total(stageName, 'RoomDemandVcpus', 'used and turned away'),
        encoderMetric(stageName, 'RoomFreeVcpus', 'Maximum').with({ label: 'free on the freest task' }),
      ],
      [
        total(stageName, 'StreamsLive', 'streams live'),
        total(stageName, 'StreamsReduced', 'streams with reduced quality'),
      ],
    ),
    graph('Encoder CPU and memory (%)', [
      service.metricCpuUtilization({ period: MINUTE }),
      service.metricMemoryUtilization({ period: MINUTE }),
    ]),
    graph('Encoder speed (1 keeps up)', [encoderMetric(stageName, 'EncoderSpeed', 'Minimum')]),
  ];
}

function ingestRow({ stageName, ingest }: OperationsDashboardProps): GraphWidget[] {
  const { metrics } = ingest.loadBalancer;
  return [
    graph('Restarts, steps and refusals', [
      encoderMetric(stageName, 'EncoderRestarts', 'Sum'),
      encoderMetric(stageName, 'QualitySteps', 'Sum'),
      encoderMetric(stageName, 'RefusedPublishes', 'Sum'),
      encoderMetric(stageName, 'RtmpViolations', 'Sum'),
    ]),
    graph('RTMP connections', [
      metrics.activeFlowCount({ period: MINUTE, statistic: 'Average' }),
      metrics.newFlowCount({ period: MINUTE, statistic: 'Sum' }),
    ]),
    graph('Healthy tasks', [
      ingest.targetGroup.metrics.healthyHostCount({ period: MINUTE, statistic: 'Maximum' }),
      ingest.targetGroup.metrics.unHealthyHostCount({ period: MINUTE, statistic: 'Maximum' }),
    ]),
  ];
}

function originRow({ loadBalancer, targetGroup }: OriginListener): GraphWidget[] {
  const sum = { period: MINUTE, statistic: 'Sum' };
  return [
    graph('Origin requests', [loadBalancer.metrics.requestCount(sum)]),
    graph('Origin latency (s)', [
      targetGroup.metrics.targetResponseTime({ period: MINUTE, statistic: 'p50' }),
      targetGroup.metrics.targetResponseTime({ period: MINUTE, statistic: 'p99' }),
    ]),
    graph('Origin 5xx', [
      targetGroup.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, sum),
      loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, sum),
    ]),
  ];
}

function deliveryRow(distributionId: string): GraphWidget[] {
  return [
    graph(
      'CloudFront requests and bytes',
      [distributionMetric(distributionId, 'Requests', 'Sum')],
      [distributionMetric(distributionId, 'BytesDownloaded', 'Sum')],
    ),
    graph('CloudFront cache hit rate (%)', [distributionMetric(distributionId, 'CacheHitRate', 'Average')]),
    graph('CloudFront errors (%)', [
      distributionMetric(distributionId, '4xxErrorRate', 'Average'),
      distributionMetric(distributionId, '5xxErrorRate', 'Average'),
    ]),
  ];
}

const graph = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget =>
  new GraphWidget({ title, left, right, width: WIDGET_WIDTH, leftYAxis: { min: 0 } });

/** The total over all tasks: the sum of a minute's reports, divided by the number of reports of one task. */
function total(
  stageName: string,
  name: 'StreamsLive' | 'StreamsReduced' | 'RoomVcpus' | 'RoomUsedVcpus' | 'RoomDemandVcpus',
  label: string,
): IMetric {
  const reportsPerMinute = MINUTE.toSeconds() / METRICS_INTERVAL_SECONDS;
  // All metrics of a graph share one namespace of ids.
  const reports = `reports${name}`;
  return new MathExpression({
    expression: `${reports} / ${reportsPerMinute}`,
    usingMetrics: { [reports]: encoderMetric(stageName, name, 'Sum') },
    period: MINUTE,
    label,
  });
}
