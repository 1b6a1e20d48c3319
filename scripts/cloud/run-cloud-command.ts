import { relative, resolve } from 'node:path';
import { UserError } from '#scripts/terminal/errors.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';
import type { CdkCommand } from './cdk-cli.ts';
import { type CloudCommandLine, parseCdkCommandLine } from './cdk-command-line.ts';
import type { CloudDependencies } from './cloud-dependencies.ts';
import { deploy } from './deploy.ts';
import { readTemplates } from './read-templates.ts';
import { PROJECT_DIR, toCdkRun } from './run-cdk.ts';

/** Where the CDK CLI puts templates. */
const DEFAULT_OUTPUT = 'cdk.out';

const DEPLOY_HELP = `npm run deploy takes what "cdk deploy" takes, below, and:
  --new-admin-token  make an admin token even where there is one: for who has lost theirs
  --no-admin-token   make none: for a pipeline, whose log should show none

`;

/** Builds what is deployed, runs a command of the CDK CLI on a stage, and resolves to the exit code. */
export async function runCloudCommand(
  command: CdkCommand,
  args: readonly string[],
  dependencies: CloudDependencies,
): Promise<number> {
  try {
    return await run(parseCdkCommandLine(command, args), dependencies);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    dependencies.stderr.write(`${error.message}\n`);
    return 1;
  }
}

async function run(line: CloudCommandLine, dependencies: CloudDependencies): Promise<number> {
  const { command, stage } = line;
  if (line.isHelp) {
    if (command === 'deploy') dependencies.stdout.write(DEPLOY_HELP);
    return dependencies.runCdk(toCdkRun(line, [], dependencies));
  }
  if (stage === null) {
    throw new UserError(`Name the stage, behind two dashes of npm's: npm run ${command} -- -c stage=dev`);
  }
  await dependencies.build();
  switch (command) {
    case 'synth':
      return synth(line, dependencies);
    case 'deploy':
      return deploy({ ...line, stage }, dependencies);
    case 'destroy':
      return dependencies.runCdk(toCdkRun(line, namesNone(line) ? ['--all'] : [], dependencies));
    case 'diff':
      return dependencies.runCdk(toCdkRun(line, [], dependencies));
  }
}

const namesNone = ({ stackNames, isAll }: CloudCommandLine): boolean => stackNames.length === 0 && !isAll;

/** A named stack's template goes to standard output, as the CLI does it; for all of them, where they are. */
async function synth(line: CloudCommandLine, dependencies: CloudDependencies): Promise<number> {
  if (line.stackNames.length > 0) return dependencies.runCdk(toCdkRun(line, [], dependencies));
  const exitCode = await dependencies.runCdk(toCdkRun(line, ['--quiet'], dependencies));
  if (exitCode !== 0) return exitCode;
  const directory = resolve(PROJECT_DIR, line.output ?? DEFAULT_OUTPUT);
  const rows = (await readTemplates(directory)).map(({ stackName, path }) => [stackName, relative('', path)]);
  dependencies.stdout.write(`\nTemplates in ${directory}:\n${formatTable(rows).replace(/^/gm, '  ')}\n`);
  return 0;
}
