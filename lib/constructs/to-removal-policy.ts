import { RemovalPolicy } from 'aws-cdk-lib';
import type { ResolvedStage } from '#config/stage-config.ts';

/** The CDK's word for what a stage says. */
export function toRemovalPolicy(policy: ResolvedStage['removalPolicy']): RemovalPolicy.DESTROY | RemovalPolicy.RETAIN {
  return policy === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}
