import { relative, resolve } from 'node:path';
import { resolveStage, StageConfigError, stageConfigNamed } from '#config/resolve-stage.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import { synthesisWarnings } from '#config/stage-warnings.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { formatTable, indent } from '#scripts/terminal/text-table.ts';
import type { CdkCommand } from './cdk-cli.ts';
import { type CloudCommandLine, parseCdkCommandLine } from './cdk-command-line.ts';
import type { CloudDependencies } from './cloud-dependencies.ts';
import { deploy } from './deploy.ts';
import { type PipelineOptions, pipelineSteps, takePipelineOptions } from './pipeline-options.ts';
import { runPreflight } from './preflight/run-preflight.ts';
import { assertCanProbeStage } from './probe-deployed-stage.ts';
import { readTemplates } from './read-templates.ts';
import { PROJECT_DIR, toCdkRun } from './run-cdk.ts';

/** The CDK CLI's default folder for templates. */
const DEFAULT_OUTPUT = 'cdk.out';

const DEPLOY_HELP = `npm run deploy has the options of "cdk deploy", see below, and:
  --new-admin-token  make an admin token even if there is one, to replace a lost one
  --no-admin-token   make none, for pipelines, whose log should not contain one
  --pipeline-role OWNER/REPO
                     instead of the stage, make the IAM roles by which that repository's workflows on GitHub deploy it
  --existing-provider
                     with --pipeline-role: the account trusts GitHub already
  --probe            afterwards publish and watch a test picture, as "npm run probe -- --stage" does; with the admin token
                     that this makes, or with HEADEND_TOKEN

`;

/** Builds the artifacts and runs a command of the CDK CLI on a stage. Resolves to the exit code. */
export async function runCloudCommand(
  command: CdkCommand,
  args: readonly string[],
  dependencies: CloudDependencies,
): Promise<number> {
  try {
    const taken = takePipelineOptions(args);
    if (taken === null) return await run(parseCdkCommandLine(command, args), dependencies);
    return await runOnPipeline(parseCdkCommandLine(command, taken.args), taken.pipeline, dependencies);
  } catch (error) {
    if (!(error instanceof UserError || error instanceof StageConfigError)) throw error;
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
    throw new UserError(`Name the stage after npm's two dashes: npm run ${command} -- -c stage=dev`);
  }
  const config = stageConfigNamed(stage, dependencies.stages);
  if (line.isProbed) assertCanProbeStage(line, dependencies.env);
  if (command === 'deploy' || command === 'diff') {
    const preflight = await runPreflight({
      ...dependencies,
      config,
      profile: line.profile,
      isDeployment: command === 'deploy',
    });
    await dependencies.build(config.slateImage ?? null);
    const checked = { ...line, stage, args: [...preflight.args, ...line.args] };
    // The checks and the CDK must mean the same region.
    const own = { ...dependencies, env: { ...dependencies.env, AWS_REGION: preflight.region } };
    if (command === 'diff') return dependencies.runCdk(toCdkRun(checked, [], own));
    await preflight.remember();
    return deploy(checked, own);
  }
  const resolved = command === 'destroy' ? null : resolveStage(config);
  await dependencies.build(resolved?.slateImage ?? null);
  if (resolved === null) return dependencies.runCdk(toCdkRun(line, namesNone(line) ? ['--all'] : [], dependencies));
  return synth(line, resolved, dependencies);
}

/** The app has only the stack of the pipeline's roles then. Nothing has to be built for it. */
async function runOnPipeline(
  line: CloudCommandLine,
  pipeline: PipelineOptions,
  dependencies: CloudDependencies,
): Promise<number> {
  if (line.isHelp || line.stage === null) return run(line, dependencies);
  stageConfigNamed(line.stage, dependencies.stages);
  const exitCode = await dependencies.runCdk(toCdkRun(line, [], dependencies));
  if (exitCode === 0 && line.command === 'deploy' && line.isExecuted) {
    dependencies.stdout.write(pipelineSteps(line.stage, pipeline));
  }
  return exitCode;
}

const namesNone = ({ stackNames, isAll }: CloudCommandLine): boolean => stackNames.length === 0 && !isAll;

/** Prints the template of a named stack, like the CLI. Without names, prints where all templates are. */
async function synth(line: CloudCommandLine, stage: ResolvedStage, dependencies: CloudDependencies): Promise<number> {
  for (const warning of synthesisWarnings(stage)) dependencies.stderr.write(`Warning: ${warning}\n`);
  if (line.stackNames.length > 0) return dependencies.runCdk(toCdkRun(line, [], dependencies));
  const exitCode = await dependencies.runCdk(toCdkRun(line, ['--quiet'], dependencies));
  if (exitCode !== 0) return exitCode;
  const directory = resolve(PROJECT_DIR, line.output ?? DEFAULT_OUTPUT);
  const rows = (await readTemplates(directory)).map(({ stackName, path }) => [stackName, relative('', path)]);
  dependencies.stdout.write(`\nTemplates in ${directory}:\n${indent(formatTable(rows))}\n`);
  return 0;
}
