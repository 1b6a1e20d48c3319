import type { ResolvedStage } from './stage-config.ts';

/** What templates can't take into account when they are made without an AWS account. One readable line for each. */
export function synthesisWarnings({ availabilityZones }: ResolvedStage): string[] {
  return typeof availabilityZones === 'number'
    ? [
        `the templates name the region's first ${availabilityZones} zones. deploy and diff choose zones that have CloudFront VPC origins and Fargate.`,
      ]
    : [];
}
