import { readFileSync } from 'node:fs';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { resolveStage } from '#config/resolve-stage.ts';
import type { StageConfig } from '#config/stage-config.ts';
import { Headend } from '#constructs/headend.ts';
import { HeadendStacks } from '#stacks/headend-stacks.ts';
import { PipelineStack } from '#stacks/pipeline-stack.ts';

/**
 * A CDK app that tests run as a process: `synth-app.ts OUT_DIR ARTIFACTS_DIR CONFIG_JSON [FORM]`. With `library`, the
 * platform is one construct in a stack of another app. With `pipeline`, there are only the roles of the stage's pipeline, and
 * with `second-pipeline`, those of another one in the same account.
 */
const [outdir = '', artifactsPath = '', json = '{}', form] = process.argv.slice(2);
const config: StageConfig = JSON.parse(json);
const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
const app = new App({ outdir, context });
const pipeline = { stage: resolveStage(config), repository: 'acme/live', hasProvider: false };
if (form === 'pipeline') new PipelineStack(app, pipeline);
else if (form === 'second-pipeline')
  new PipelineStack(app, { ...pipeline, repository: 'acme@1/live@2', hasProvider: true });
else if (form === 'library') new Headend(new Stack(app, 'SomebodyElses'), 'Live', { ...config, artifactsPath });
else new HeadendStacks(app, { stage: resolveStage(config), artifactsPath });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
