import { StageConfigError } from '#config/resolve-stage.ts';
import { STAGES } from '#config/stages.ts';
import { type PlanCommandLine, parsePlanOptions, planUsage } from './plan/options.ts';
import { makePlan } from './plan/plan.ts';
import { writeReadme } from './plan/readme.ts';
import { planText } from './plan/text.ts';
import { UserError } from './terminal/errors.ts';

/** `npm run plan`: what an event takes of a stage, and what it costs. */

// Programs such as `head` stop reading before the end of the output. The command can end then.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

async function run(commandLine: PlanCommandLine): Promise<string> {
  if (commandLine.kind === 'help') return planUsage(STAGES);
  if (commandLine.kind === 'write-readme') return `${await writeReadme(STAGES)} is up to date.`;
  const { stage, stages, event, json } = commandLine;
  const plan = makePlan(stage, stages, event);
  return json ? JSON.stringify(plan, null, 2) : planText(plan).trimEnd();
}

try {
  process.stdout.write(`${await run(parsePlanOptions(process.argv.slice(2), STAGES))}\n`);
} catch (error) {
  if (!(error instanceof UserError || error instanceof StageConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
