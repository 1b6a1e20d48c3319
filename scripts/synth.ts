import { CLOUD_DEPENDENCIES } from './cloud/cloud-dependencies.ts';
import { runCloudCommand } from './cloud/run-cloud-command.ts';

/** `npm run synth -- -c stage=NAME`: makes the CloudFormation templates of a stage, without an AWS account. */
process.exitCode = await runCloudCommand('synth', process.argv.slice(2), CLOUD_DEPENDENCIES);
