import { streamCapacity } from '#domain/encoder-capacity.ts';
import { DEFAULT_LADDER } from '#domain/ladders.ts';
import { DEFAULT_LATENCY } from '#domain/latency-profiles.ts';
import type { ResolvedStage } from './resolved-stage.ts';
import type { StageConfig } from './stage-config.ts';
import { StageConfigError } from './stage-config-error.ts';
import { stageProblems } from './stage-problems.ts';
import { stageSchema } from './stage-schema.ts';

/** What holds where a stage says nothing: the cheapest thing that works. */
const DEFAULTS = {
  account: null,
  region: null,
  viewerDomain: null,
  ingestDomain: null,
  apiDomain: null,
  dnsZone: null,
  vpcCidr: '10.64.0.0/16',
  availabilityZones: 2,
  egress: 'public-ip',
  task: { vCpus: 2, memoryGib: 4 },
  minTasks: 1,
  maxTasks: 4,
  ladder: DEFAULT_LADDER,
  latency: DEFAULT_LATENCY,
  playback: 'public',
  reconnectWindowSeconds: 30,
  ingestAllowList: ['0.0.0.0/0'],
  publishMode: 'keys',
  webhookUrl: null,
  geoRestriction: null,
  waf: false,
  wafRequestsPerFiveMinutes: 20_000,
  priceClass: '100',
  originShieldRegion: null,
  logRetentionDays: 14,
  alarmEmail: null,
  monthlyBudgetUsd: null,
  containerInsights: false,
  ecsExec: false,
  removalPolicy: 'destroy',
} as const satisfies Omit<ResolvedStage, 'name' | 'streamsPerTask' | 'scheduledMinimums'>;

/** The stage of that name. Throws a StageConfigError that says which there are. */
export function stageConfigNamed(name: string | undefined, stages: readonly StageConfig[]): StageConfig {
  const known = stages.map((stage) => stage.name).join(', ');
  if (name === undefined) throw new StageConfigError([`No stage was named: add -c stage=NAME, one of ${known}.`]);
  const matches = stages.filter((stage) => stage.name === name);
  if (matches[0] === undefined)
    throw new StageConfigError([`There is no stage "${name}"; lib/config/stages.ts has ${known}.`]);
  if (matches.length > 1) throw new StageConfigError([`lib/config/stages.ts has ${matches.length} stages "${name}".`]);
  return matches[0];
}

/** Fills the defaults in. Throws one StageConfigError that lists all that is wrong with it. */
export function resolveStage(config: StageConfig): ResolvedStage {
  const parsed = stageSchema.safeParse(config);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => toProblem(issue.path, issue.message));
    throw new StageConfigError(problems, config.name);
  }
  const merged = { ...DEFAULTS, ...parsed.data };
  const stage: ResolvedStage = {
    ...merged,
    streamsPerTask: merged.streamsPerTask ?? streamCapacity(merged.ladder, merged.task),
    scheduledMinimums: (merged.scheduledMinimums ?? []).map((minimum) => ({ timeZone: 'UTC', ...minimum })),
  };
  const problems = stageProblems(stage, parsed.data);
  if (problems.length > 0) throw new StageConfigError(problems, stage.name);
  return stage;
}

const toProblem = (path: readonly PropertyKey[], message: string): string =>
  path.length === 0 ? message : `${path.join('.')}: ${message}`;
