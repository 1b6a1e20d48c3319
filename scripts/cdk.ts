import { CLOUD_DEPENDENCIES } from './cloud/cloud-dependencies.ts';
import { runCloudCommand } from './cloud/run-cloud-command.ts';

/**
 * The commands that work on a stage of the deployment, for example `npm run deploy -- -c stage=dev`:
 *
 * - `synth` makes the CloudFormation templates, without an AWS account
 * - `diff` shows what a deployment would change
 * - `deploy` builds and deploys
 * - `destroy` removes the stage; asks first
 */
const [command, ...args] = process.argv.slice(2);
if (command !== 'synth' && command !== 'diff' && command !== 'deploy' && command !== 'destroy') {
  throw new Error(`unknown command ${command}`);
}
process.exitCode = await runCloudCommand(command, args, CLOUD_DEPENDENCIES);
