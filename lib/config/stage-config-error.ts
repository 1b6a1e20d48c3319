/** A stage that can't be deployed as it is configured. The message lists every problem, a line each. */
export class StageConfigError extends Error {
  override readonly name = 'StageConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], stageName?: string) {
    const head = stageName === undefined ? '' : `The stage "${stageName}" can't be deployed as it is configured:\n`;
    super(`${head}${problems.map((problem) => (stageName === undefined ? problem : `  - ${problem}`)).join('\n')}`);
    this.problems = problems;
  }
}
