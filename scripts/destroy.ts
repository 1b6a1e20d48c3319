import { CLOUD_DEPENDENCIES } from './cloud/cloud-dependencies.ts';
import { runCloudCommand } from './cloud/run-cloud-command.ts';

/** `npm run destroy -- -c stage=NAME`: removes a stage; asks first. */
process.exitCode = await runCloudCommand('destroy', process.argv.slice(2), CLOUD_DEPENDENCIES);
