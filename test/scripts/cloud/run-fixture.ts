import { join } from 'node:path';
import { buildArtifacts } from '#scripts/build-artifacts.ts';
import type { CdkCommand } from '#scripts/cloud/cdk-cli.ts';
import { CLOUD_DEPENDENCIES } from '#scripts/cloud/cloud-dependencies.ts';
import { runCloudCommand } from '#scripts/cloud/run-cloud-command.ts';

/** A program that runs a command on the fixture's app, as scripts/cdk.ts does on Headend's. */
const [command, ...args] = process.argv.slice(2);
process.exitCode = await runCloudCommand(command as CdkCommand, args, {
  ...CLOUD_DEPENDENCIES,
  appPath: 'test/scripts/cloud/fixture-app.ts',
  stages: [{ name: 'dev' }, { name: 'waiting' }, { name: 'test' }],
  contextPath: join(process.env.TMPDIR ?? '', 'cdk.context.json'),
  build: () => buildArtifacts(process.env.FIXTURE_ARTIFACTS ?? ''),
});
