import { METRICS_INTERVAL_SECONDS } from '#domain/metrics.ts';
import { TASK_HEARTBEAT_MS } from '#domain/tasks.ts';
import type { CostScope, UsageLine } from './cost.ts';
import type { PlannedFleet } from './fleet.ts';
import { BYTES_PER_GB } from './media-usage.ts';
import type { StageResources } from './stage-resources.ts';

/** Bytes of a log line with a task's metrics, with what CloudWatch adds to each. A test compares it with a real one. */
export const METRICS_LINE_BYTES = 1_000;
/** Assumed for a task's record in the table of tasks. */
const TASK_RECORD_BYTES = 400;
/** A strongly consistent read of so much is one unit (DynamoDB developer guide, "read request unit"). */
const READ_UNIT_BYTES = 4_096;
const SECONDS_PER_HOUR = 3_600;

export interface TaskUsageOptions extends Pick<PlannedFleet, 'architecture'> {
  readonly scope: CostScope;
  /** The tasks after the first `from`, up to the first `to`. */
  readonly from: number;
  readonly to: number;
  readonly task: { readonly vCpus: number; readonly memoryGib: number };
  readonly resources: StageResources;
  readonly hours: number;
}

/** What some of a fleet's tasks use, whether they have streams or not. */
export function taskUsage(options: TaskUsageOptions): UsageLine[] {
  const { scope, architecture, task, resources, hours } = options;
  const taskHours = (options.to - options.from) * hours;
  const isArm = architecture === 'arm64';
  const heartbeats = (SECONDS_PER_HOUR * 1_000) / TASK_HEARTBEAT_MS;
  const logGb = (taskHours * SECONDS_PER_HOUR * METRICS_LINE_BYTES) / METRICS_INTERVAL_SECONDS / BYTES_PER_GB;
  const lines: readonly Omit<UsageLine, 'scope'>[] = [
    {
      category: 'encoder tasks',
      item: `tasks' vCPUs (${isArm ? 'ARM' : 'x86'})`,
      price: isArm ? 'fargateArmVCpu' : 'fargateX86VCpu',
      quantity: taskHours * task.vCpus,
    },
    {
      category: 'encoder tasks',
      item: `tasks' memory (${isArm ? 'ARM' : 'x86'})`,
      price: isArm ? 'fargateArmGb' : 'fargateX86Gb',
      quantity: taskHours * task.memoryGib,
    },
    {
      category: 'public IPv4 addresses',
      item: "tasks' addresses",
      price: 'publicIpv4',
      quantity: resources.hasTaskAddresses ? taskHours : 0,
    },
    {
      category: "the tasks' heartbeats (DynamoDB)",
      item: "tasks' heartbeats",
      price: 'dynamoDbWrite',
      quantity: taskHours * heartbeats,
    },
    {
      category: "the tasks' heartbeats (DynamoDB)",
      item: 'tasks read the list of tasks',
      price: 'dynamoDbRead',
      quantity: (listUnits(options.to) - listUnits(options.from)) * heartbeats * hours,
    },
    { category: 'logs', item: "logs of the tasks' metrics", price: 'logGb', quantity: logGb },
    {
      category: 'NAT gateways',
      item: 'logs through NAT',
      price: 'natGatewayGb',
      quantity: resources.natGateways > 0 ? logGb : 0,
    },
  ];
  return lines.map((line) => ({ ...line, scope }));
}

/** With each heartbeat, each task reads the records of all. */
const listUnits = (tasks: number): number => tasks * Math.ceil((tasks * TASK_RECORD_BYTES) / READ_UNIT_BYTES);
