import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stackName } from '#config/stack-names.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { type CloudCommandLine, withoutOptions } from './cdk-command-line.ts';
import type { CloudDependencies } from './cloud-dependencies.ts';
import { type DeploymentOutputs, parseDeploymentOutputs } from './deployment-outputs.ts';
import { makeAdminToken } from './make-admin-token.ts';
import { makeOwnerLink } from './make-owner-link.ts';
import { nextSteps } from './next-steps.ts';
import { PROJECT_DIR, toCdkRun } from './run-cdk.ts';

/** Patterns of the CDK CLI for the parts that only watch the platform, `EdgeMonitoring-REGION` included, and for the others. */
export const MONITORING_STACKS = '*Monitoring*';
export const PLATFORM_STACKS = `!(${MONITORING_STACKS})`;

/** A command line with a stage. */
type DeployLine = CloudCommandLine & { readonly stage: string };

/**
 * Deploys the stacks, makes the wanted admin token and prints what to do next. Resolves to the exit code. Rejects with
 * a UserError if the stacks are deployed but a later step failed.
 */
export async function deploy(line: DeployLine, dependencies: CloudDependencies): Promise<number> {
  if (line.stackNames.length === 0 && line.isExecuted) return deployStage(line, dependencies);
  const all = line.stackNames.length > 0 || line.isAll ? [] : ['--all'];
  const exitCode = await dependencies.runCdk(toCdkRun(line, all, dependencies));
  if (exitCode !== 0 || !line.isExecuted) return exitCode;
  dependencies.stdout.write(
    '\nDeployed only the named stacks. Without names, all are deployed and the next steps are shown.\n',
  );
  return 0;
}

/**
 * First the stacks that the platform needs, then those that only watch it. The CLI writes no outputs if any stack of a run
 * fails, so a failed alarm would otherwise keep the deployer from the admin token.
 */
async function deployStage(line: DeployLine, dependencies: CloudDependencies): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-outputs-'));
  try {
    const outputsPath = join(folder, 'outputs.json');
    const own = { ...line, args: withoutOptions('deploy', line.args, ['all', 'outputs-file']) };
    const run = (...args: string[]): Promise<number> =>
      dependencies.runCdk(toCdkRun(own, [...args, '--outputs-file', outputsPath], dependencies));
    const exitCode = await run(stackName(line.stage, PLATFORM_STACKS));
    if (exitCode !== 0) return exitCode;
    const text = await readFile(outputsPath, 'utf8');
    const outputs = parseDeploymentOutputs(text);
    await keepOutputs(line, [text]);
    const monitoringExitCode = await run(stackName(line.stage, MONITORING_STACKS), '--exclusively');
    if (monitoringExitCode === 0) await keepOutputs(line, [text, await readFile(outputsPath, 'utf8')]);
    const adminToken = await finish(line, outputs, dependencies);
    if (monitoringExitCode !== 0) dependencies.stderr.write(monitoringFailure(line.stage));
    const probe = (): Promise<number> => dependencies.probeDeployedStage({ ...dependencies, ...line, adminToken });
    const probeExitCode = line.isProbed ? await probe() : 0;
    return monitoringExitCode || probeExitCode;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the outputs of several runs of the CLI into the file that the deployer named, if any. */
async function keepOutputs({ outputsFile }: DeployLine, texts: readonly string[]): Promise<void> {
  if (outputsFile === null) return;
  const outputs: object = Object.assign({}, ...texts.map((text) => JSON.parse(text)));
  await writeFile(resolve(PROJECT_DIR, outputsFile), `${JSON.stringify(outputs, null, 2)}\n`);
}

const monitoringFailure = (stage: string): string =>
  [
    `The stage works, but nobody watches it: its stacks ${stackName(stage, MONITORING_STACKS)}, with alarms, dashboard and access logs,`,
    `could not all be deployed. The CDK says above why. After that: npm run deploy -- -c stage=${stage}\n`,
  ].join('\n');

/** Resolves to the admin token that was made, or null. */
async function finish(
  line: DeployLine,
  outputs: DeploymentOutputs,
  dependencies: CloudDependencies,
): Promise<string | null> {
  const { stage, profile, wantedToken } = line;
  const { playbackBaseUrl } = outputs;
  await giveViewerKeys(line, outputs, dependencies);
  const { tokens, sessions, close } = dependencies.openAccessStores({ ...outputs, profile });
  try {
    const adminToken = await makeAdminToken({ ...dependencies, store: tokens, wanted: wantedToken });
    const studioUrl =
      adminToken === null || sessions === null
        ? null
        : await makeOwnerLink({ ...dependencies, store: sessions, playbackBaseUrl });
    dependencies.stdout.write(nextSteps({ stage, outputs, wantedToken, adminToken, studioUrl }));
    return adminToken;
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
    `dynamodb:PutItem on that table and on the table of sessions: ${again}`,
    'If somebody else makes the token, for example in a pipeline, add --no-admin-token.',
  ].join('\n');
}
