import type { StageConfig } from './stage-config.ts';

/** The stages that you can deploy. Edit them, or add your own. stage-config.ts explains every field. */
export const STAGES: readonly StageConfig[] = [
  {
    // The cheapest stage that works: one task, no NAT gateway, in the account and region of your AWS profile.
    name: 'dev',
    maxTasks: 2,
    ecsExec: true,
  },
  {
    // Survives the loss of an availability zone, and keeps its data when the stacks are destroyed.
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
