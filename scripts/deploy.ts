import { CLOUD_DEPENDENCIES } from './cloud/cloud-dependencies.ts';
import { runCloudCommand } from './cloud/run-cloud-command.ts';

/** `npm run deploy -- -c stage=NAME`: builds and deploys a stage. */
process.exitCode = await runCloudCommand('deploy', process.argv.slice(2), CLOUD_DEPENDENCIES);
