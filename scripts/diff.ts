import { CLOUD_DEPENDENCIES } from './cloud/cloud-dependencies.ts';
import { runCloudCommand } from './cloud/run-cloud-command.ts';

/** `npm run diff -- -c stage=NAME`: shows what a deployment would change. */
process.exitCode = await runCloudCommand('diff', process.argv.slice(2), CLOUD_DEPENDENCIES);
