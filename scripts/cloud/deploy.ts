import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import type { CloudCommandLine } from './cdk-command-line.ts';
import type { CloudDependencies } from './cloud-dependencies.ts';
import { type DeploymentOutputs, parseDeploymentOutputs } from './deployment-outputs.ts';
import { makeAdminToken } from './make-admin-token.ts';
import { nextSteps } from './next-steps.ts';
import { PROJECT_DIR, toCdkRun } from './run-cdk.ts';

/** A command line with a stage. */
type DeployLine = CloudCommandLine & { readonly stage: string };

/**
 * Deploys the stacks, makes the wanted admin token and prints what to do next. Resolves to the exit code. Rejects with
 * a UserError if the stacks are deployed but a later step failed.
 */
export async function deploy(line: DeployLine, dependencies: CloudDependencies): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-outputs-'));
  try {
    const outputsPath =
      line.outputsFile === null ? join(folder, 'outputs.json') : resolve(PROJECT_DIR, line.outputsFile);
    const exitCode = await dependencies.runCdk(toCdkRun(line, deployArgs(line, outputsPath), dependencies));
    if (exitCode !== 0 || !line.isExecuted) return exitCode;
    if (line.stackNames.length > 0) {
      dependencies.stdout.write(
        '\nDeployed only the named stacks. Without names, all are deployed and the next steps are shown.\n',
      );
      return 0;
    }
    await finish(line, parseDeploymentOutputs(await readFile(outputsPath, 'utf8')), dependencies);
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const deployArgs = ({ stackNames, isAll, outputsFile }: DeployLine, outputsPath: string): string[] => [
  ...(stackNames.length > 0 || isAll ? [] : ['--all']),
  ...(outputsFile === null ? ['--outputs-file', outputsPath] : []),
];

async function finish(line: DeployLine, outputs: DeploymentOutputs, dependencies: CloudDependencies): Promise<void> {
  const { stage, profile, wantedToken } = line;
  const { adminTokensTable: tableName, region } = outputs;
  await giveViewerKeys(line, outputs, dependencies);
  const { store, close } = dependencies.openTokenStore({ tableName, region, profile });
  try {
    const adminToken = await makeAdminToken({ ...dependencies, store, wanted: wantedToken });
    dependencies.stdout.write(nextSteps({ stage, outputs, wantedToken, adminToken }));
  } catch (error) {
    throw new UserError(tokenFailure(line, outputs, error), { cause: error });
  } finally {
    close();
  }
}

/** Without keys, the edge lets nobody watch protected streams. */
async function giveViewerKeys(
  { stage, profile }: DeployLine,
  { viewerTokenSecretArn: secretArn, viewerTokenStoreArn: storeArn, region }: DeploymentOutputs,
  { syncViewerKeys, randomBytes }: CloudDependencies,
): Promise<void> {
  try {
    await syncViewerKeys({ secretArn, storeArn, region, profile, randomBytes });
  } catch (error) {
    throw new UserError(
      [
        'The stacks are deployed, but the keys of viewer tokens could not be copied to the edge. Public streams work anyway.',
        `  ${errorMessage(error)}`,
        'Run this again with AWS credentials that may read and write the secret and the key value store:',
        `  npm run viewer-keys -- sync --secret ${secretArn} --store ${storeArn}`,
        `After that, run npm run deploy -- -c stage=${stage} for the admin token.`,
      ].join('\n'),
      { cause: error },
    );
  }
}

function tokenFailure({ stage, wantedToken }: DeployLine, outputs: DeploymentOutputs, error: unknown): string {
  const { adminTokensTable, region } = outputs;
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  const again = `npm run deploy -- -c stage=${stage}${wantedToken === 'new' ? ' --new-admin-token' : ''}`;
  return [
    `The stacks are deployed, but no admin token could be made in the table ${adminTokensTable} in ${region}:`,
    `  ${name}${errorMessage(error)}`,
    'Run this again with AWS credentials of that account (AWS_PROFILE, or --profile NAME) that allow dynamodb:Scan and',
    `dynamodb:PutItem on that table: ${again}`,
    'If somebody else makes the token, for example in a pipeline, add --no-admin-token.',
  ].join('\n');
}
