/** The version that the requirements name. */
export function cfnLintVersion(): string;
/** The path of cfn-lint. Null if it is not installed. */
export function findCfnLint(): string | null;
