import type { ResolvedStage } from './stage-config.ts';

/** The name of the stage that people watch. */
const PRODUCTION = 'prod';

/**
 * What is allowed, but rarely meant: a stage in production, or with data worth keeping, that tells nobody about trouble. One
 * readable line for each.
 */
export function stageWarnings({ name, removalPolicy, alarmEmail, monthlyBudgetUsd }: ResolvedStage): string[] {
  if (name !== PRODUCTION && removalPolicy !== 'retain') return [];
  return [
    ...(alarmEmail === null ? [`${name} has no alarmEmail: its alarms reach nobody.`] : []),
    ...(monthlyBudgetUsd === null ? [`${name} has no monthlyBudgetUsd: nobody hears of unexpected costs.`] : []),
  ];
}

/** The same, and what templates can't take into account when they are made without an AWS account. */
export function synthesisWarnings(stage: ResolvedStage): string[] {
  const { availabilityZones: zones } = stage;
  const guessed = `the templates name the region's first ${zones} zones. deploy and diff choose zones that have CloudFront VPC origins and Fargate.`;
  return [...(typeof zones === 'number' ? [guessed] : []), ...stageWarnings(stage)];
}
