import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readChoices, resolveChosenStage } from '#config/deployment-choices.ts';
import { StageConfigError, stageConfigNamed } from '#config/resolve-stage.ts';
import { STAGES } from '#config/stages.ts';
import { HeadendStacks } from '#stacks/headend-stacks.ts';
import { PipelineStack } from '#stacks/pipeline-stack.ts';

/** The CDK app with the one stage that `-c stage=NAME` selects, or with the roles of its pipeline. */
function main(): void {
  const app = new App();
  const name: unknown = app.node.tryGetContext('stage');
  const config = stageConfigNamed(typeof name === 'string' ? name : undefined, STAGES);
  const stage = resolveChosenStage(
    config,
    readChoices((key) => app.node.tryGetContext(key)),
  );
  const repository: unknown = app.node.tryGetContext('pipelineRepository');
  if (typeof repository === 'string') {
    const hasProvider = app.node.tryGetContext('pipelineProvider') === 'existing';
    new PipelineStack(app, { stage, repository, hasProvider });
  } else {
    new HeadendStacks(app, { stage, artifactsPath: fileURLToPath(new URL('../dist', import.meta.url)) });
  }
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}

try {
  main();
} catch (error) {
  if (!(error instanceof StageConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
