import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { App, CfnOutput, CfnWaitConditionHandle, Stack, Stage } from 'aws-cdk-lib';
import flags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };

/** A CDK app of three small stacks, one of them in a nested assembly. Stands in for Headend's own. */

const app = new App({ context: flags });
const stage: unknown = app.node.tryGetContext('stage');

if (stage === 'waiting') {
  setInterval(() => undefined, 1_000);
  process.stderr.write('waiting\n');
} else if (stage !== 'dev') {
  process.stderr.write(`There is no stage "${stage}"; known: dev.\n`);
  process.exitCode = 1;
} else {
  const artifacts = process.env.FIXTURE_ARTIFACTS ?? '';
  if (!existsSync(join(artifacts, 'encoder', 'main.mjs'))) throw new Error('nothing was built before the synthesis');
  for (const scope of [app, new Stage(app, 'Nested')]) {
    const stack = new Stack(scope, 'Data', { stackName: `headend-dev-${scope.node.id}-data` });
    new CfnWaitConditionHandle(stack, 'Handle');
    new CfnOutput(stack, 'Region', { value: stack.region });
  }
  new CfnWaitConditionHandle(new Stack(app, 'Media'), 'Handle');
}
