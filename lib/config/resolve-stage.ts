import { type ResolvedStage, type StageConfig, stageSchema } from './stage-config.ts';
import { stageProblems } from './stage-problems.ts';

/** The configuration of a stage is wrong. The message lists every problem, one per line. */
export class StageConfigError extends Error {
  override readonly name = 'StageConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], stageName?: string) {
    const head = stageName === undefined ? '' : `The stage "${stageName}" can't be deployed as it is configured:\n`;
    super(`${head}${problems.map((problem) => (stageName === undefined ? problem : `  - ${problem}`)).join('\n')}`);
    this.problems = problems;
  }
}

/** Finds a stage by its name. Throws a StageConfigError that lists the known names. */
export function stageConfigNamed(name: string | undefined, stages: readonly StageConfig[]): StageConfig {
  const known = stages.map((stage) => stage.name).join(', ');
  if (name === undefined) throw new StageConfigError([`No stage was named: add -c stage=NAME, one of ${known}.`]);
  const matches = stages.filter((stage) => stage.name === name);
  if (matches[0] === undefined)
    throw new StageConfigError([`There is no stage "${name}"; lib/config/stages.ts has ${known}.`]);
  if (matches.length > 1) throw new StageConfigError([`lib/config/stages.ts has ${matches.length} stages "${name}".`]);
  return matches[0];
}

/** Fills in the defaults. Throws one StageConfigError that lists every problem. */
export function resolveStage(config: StageConfig): ResolvedStage {
  const { data: stage, error } = stageSchema.safeParse(config);
  const problems = error === undefined ? stageProblems(stage) : error.issues.map(toProblem);
  if (stage === undefined || problems.length > 0) throw new StageConfigError(problems, config.name);
  return stage;
}

const toProblem = ({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): string =>
  path.length === 0 ? message : `${path.join('.')}: ${message}`;
