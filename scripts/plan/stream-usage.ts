import type { ResolvedStage } from '#config/stage-config.ts';
import { STREAM_HEARTBEAT_MS } from '#domain/streams.ts';
import type { UsageLine } from './cost.ts';
import type { PlannedEvent } from './event.ts';
import type { PlannedFleet } from './fleet.ts';
import { BYTES_PER_GB, sourceHourBytes } from './media-usage.ts';
import { stageResources } from './stage-resources.ts';
import { taskUsage } from './task-usage.ts';

/** A unit of a Network Load Balancer carries so much in an hour (Elastic Load Balancing pricing, "NLCU details"). */
const NLCU_GB_PER_HOUR = 1;
const NLCU_CONNECTIONS = 100_000;
/** A live stream's item has 1.4 KB with three rungs: measured with `npm start -- --demo`. A write unit covers 1 KB. */
const LEASE_WRITE_UNITS = 2;
/** Assumed for each hour of a stream. */
export const STREAM_HOUR = { publishes: 4, apiRequests: 100, events: 20 } as const;
/** Assumed for a call of ingest-auth and of the control API: half a GB for a tenth of a second. */
const GB_SECONDS_PER_CALL = 0.05;
const SECONDS_PER_HOUR = 3_600;

/** What streams use, with the tasks that are started for them. */
export function streamUsage(stage: ResolvedStage, fleet: PlannedFleet, event: PlannedEvent): UsageLine[] {
  const { streams, hours, ladder } = event;
  const resources = stageResources(stage);
  const streamHours = streams * hours;
  const sourceGb = (streamHours * sourceHourBytes(ladder)) / BYTES_PER_GB;
  const capacityUnits = Math.max(sourceGb / NLCU_GB_PER_HOUR, streamHours / NLCU_CONNECTIONS);
  const calls = streamHours * (STREAM_HOUR.publishes + STREAM_HOUR.apiRequests);
  const tasks = { ...fleet, from: fleet.minTasks, to: fleet.tasks };
  const lines: readonly Omit<UsageLine, 'scope'>[] = [
    {
      category: 'load balancers',
      item: "publishers' bytes",
      price: 'networkBalancerCapacity',
      quantity: capacityUnits,
    },
    {
      category: 'between zones',
      item: "publishers' bytes to a task of another zone",
      price: 'zoneTransferGb',
      quantity: 2 * sourceGb * (1 - 1 / resources.zones),
    },
    {
      category: "the streams' leases (DynamoDB)",
      item: "streams' leases",
      price: 'dynamoDbWrite',
      quantity: (LEASE_WRITE_UNITS * streamHours * SECONDS_PER_HOUR * 1_000) / STREAM_HEARTBEAT_MS,
    },
    { category: 'control', item: 'calls of functions', price: 'lambdaRequest', quantity: calls },
    { category: 'control', item: 'time of functions', price: 'lambdaGbSecond', quantity: calls * GB_SECONDS_PER_CALL },
    { category: 'control', item: 'API requests', price: 'httpApi', quantity: streamHours * STREAM_HOUR.apiRequests },
    { category: 'control', item: 'events', price: 'customEvent', quantity: streamHours * STREAM_HOUR.events },
  ];
  return [
    ...taskUsage({ ...tasks, scope: 'streams', task: stage.task, resources, hours }),
    ...lines.map((line): UsageLine => ({ ...line, scope: 'streams' })),
  ];
}
