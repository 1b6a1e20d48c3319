import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readChoices, resolveChosenStage } from '#config/deployment-choices.ts';
import { StageConfigError, stageConfigNamed } from '#config/resolve-stage.ts';
import { STAGES } from '#config/stages.ts';
import { HeadendStacks } from '#stacks/headend-stacks.ts';

/** The CDK app with the one stage that `-c stage=NAME` selects. */
function main(): void {
  const app = new App();
  const name: unknown = app.node.tryGetContext('stage');
  const config = stageConfigNamed(typeof name === 'string' ? name : undefined, STAGES);
  const stage = resolveChosenStage(
    config,
    readChoices((key) => app.node.tryGetContext(key)),
  );
  new HeadendStacks(app, { stage, artifactsPath: fileURLToPath(new URL('../dist', import.meta.url)) });
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
