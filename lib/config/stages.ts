import type { StageConfig } from './stage-config.ts';

/** The stages that can be deployed: edit them, add your own. Every field is explained in stage-config.ts. */
export const STAGES: readonly StageConfig[] = [
  {
    // The cheapest thing that works: no NAT gateway, one task, whatever account and region the AWS profile names.
    name: 'dev',
    maxTasks: 2,
    ecsExec: true,
  },
  {
    // Survives the loss of an availability zone and keeps its data when the stacks go.
    name: 'prod',
    region: 'us-east-1',
    availabilityZones: 3,
    egress: 'nat',
    task: { vCpus: 4, memoryGib: 8 },
    minTasks: 2,
    maxTasks: 20,
    waf: true,
    containerInsights: true,
    logRetentionDays: 90,
    removalPolicy: 'retain',
  },
];
