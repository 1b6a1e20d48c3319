import { CfnOutput, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { PipelineRoles } from '#constructs/pipeline-roles.ts';
import { HeadendStack } from './headend-stack.ts';

export interface PipelineStackProps {
  readonly stage: ResolvedStage;
  /** OWNER/REPO or OWNER@ID/REPO@ID on GitHub. */
  readonly repository: string;
  readonly hasProvider: boolean;
}

/** The roles of a stage's pipeline, in a stack apart from the stage: they exist before it. */
export class PipelineStack extends HeadendStack {
  constructor(app: Construct, { stage, repository, hasProvider }: PipelineStackProps) {
    super(app, 'Pipeline', { stage, region: stage.region });
    const roles = new PipelineRoles(this, 'Roles', { stageName: stage.name, repository, hasProvider });
    new CfnOutput(this, 'DeployRoleArn', { value: roles.deployRoleArn });
    new CfnOutput(this, 'DiffRoleArn', { value: roles.diffRoleArn });
    Tags.of(this).add('headend:stage', stage.name);
  }
}
