import type { ResolvedStage } from '#config/stage-config.ts';
import type { UsageLine } from './cost.ts';
import { HOURS_PER_MONTH } from './event.ts';
import type { PlannedFleet } from './fleet.ts';
import { type StageResources, stageResources } from './stage-resources.ts';
import { taskUsage } from './task-usage.ts';

/** Metrics that CloudFront adds when a distribution asks for them (CloudFront developer guide, "additional metrics"). */
const DISTRIBUTION_METRICS = 8;
/** Assumed: some ten metrics each for the cluster, the service and the task definition. */
export const CONTAINER_INSIGHTS_METRICS = 30;
/** Target tracking makes two alarms, each on an expression of two metrics. */
const SCALING_ALARM_METRICS = 4;

type Line = Omit<UsageLine, 'scope'>;

/** What a stage uses while nobody is on air. */
export function stageUsage(stage: ResolvedStage, fleet: PlannedFleet, hours: number): UsageLine[] {
  const resources = stageResources(stage);
  const tasks = { ...fleet, from: 0, to: fleet.minTasks };
  return [
    ...taskUsage({ ...tasks, scope: 'stage', task: stage.task, resources, hours }),
    ...[...networkLines(resources, hours), ...monthlyLines(stage, resources, hours / HOURS_PER_MONTH)].map(
      (line): UsageLine => ({ ...line, scope: 'stage' }),
    ),
  ];
}

function networkLines({ natGateways, fixedAddresses }: StageResources, hours: number): Line[] {
  return [
    { category: 'load balancers', item: 'load balancer for RTMP', price: 'networkBalancer', quantity: hours },
    { category: 'load balancers', item: 'load balancer of the origin', price: 'applicationBalancer', quantity: hours },
    { category: 'NAT gateways', item: 'NAT gateways', price: 'natGateway', quantity: natGateways * hours },
    {
      category: 'public IPv4 addresses',
      item: 'addresses of load balancer and NAT gateways',
      price: 'publicIpv4',
      quantity: fixedAddresses * hours,
    },
  ];
}

function monthlyLines({ containerInsights }: ResolvedStage, resources: StageResources, months: number): Line[] {
  const { customMetrics, alarmMetrics, dashboards, secrets, webAcls, firewallRules } = resources;
  const perMonth: readonly Line[] = [
    { category: 'firewall', item: 'firewall', price: 'webAcl', quantity: webAcls },
    { category: 'firewall', item: "firewall's rules", price: 'firewallRule', quantity: firewallRules },
    { category: 'metrics', item: "encoder's metrics", price: 'customMetric', quantity: customMetrics },
    { category: 'metrics', item: "CloudFront's metrics", price: 'customMetric', quantity: DISTRIBUTION_METRICS },
    {
      category: 'Container Insights',
      item: 'Container Insights',
      price: 'customMetric',
      quantity: containerInsights ? CONTAINER_INSIGHTS_METRICS : 0,
    },
    { category: 'alarms and dashboard', item: 'alarms', price: 'alarmMetric', quantity: alarmMetrics },
    {
      category: 'alarms and dashboard',
      item: "scaling's alarms",
      price: 'alarmMetric',
      quantity: SCALING_ALARM_METRICS,
    },
    { category: 'alarms and dashboard', item: 'dashboard', price: 'dashboard', quantity: dashboards },
    { category: 'secrets', item: 'secrets', price: 'secret', quantity: secrets },
  ];
  return perMonth.map((line) => ({ ...line, quantity: line.quantity * months }));
}
