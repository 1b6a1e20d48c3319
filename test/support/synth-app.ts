import { readFileSync } from 'node:fs';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { StageConfig } from '#config/stage-config.ts';
import { Headend } from '#constructs/headend.ts';
import { HeadendStacks } from '#stacks/headend-stacks.ts';

/**
 * A CDK app for tests, a process of its own: `synth-app.ts OUT_DIR ARTIFACTS_DIR CONFIG_JSON [library]`. With `library` the
 * platform is one construct in a stack of somebody else's app.
 */
const [outdir = '', artifactsPath = '', config = '{}', form] = process.argv.slice(2);
const stage: StageConfig = JSON.parse(config);
const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
const app = new App({ outdir, context });
if (form === 'library') new Headend(new Stack(app, 'SomebodyElses'), 'Live', { ...stage, artifactsPath });
else new HeadendStacks(app, { config: stage, artifactsPath });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
