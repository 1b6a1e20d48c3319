import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';

/** Converts a stage's removal policy to the CDK's. */
export function toRemovalPolicy(policy: ResolvedStage['removalPolicy']): RemovalPolicy.DESTROY | RemovalPolicy.RETAIN {
  return policy === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}

/** A log group that keeps lines for the stage's number of days. It is deleted with its stack. */
export function makeLogGroup(scope: Construct, id: string, retentionDays: ResolvedStage['logRetentionDays']): LogGroup {
  return new LogGroup(scope, id, {
    retention: retentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
