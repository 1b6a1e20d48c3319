import { parseProbeCommandLine } from '#scripts/probe/command-line.ts';
import { assertCanProbe, type ProbeTerminal, runProbeCommand } from '#scripts/probe/probe-command.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import type { CloudCommandLine } from './cdk-command-line.ts';

/** The variable that holds an admin token, for the probe as for `npm run stream`. */
const TOKEN_VARIABLE = 'HEADEND_TOKEN';

/** Throws a UserError before anything is deployed if it is plain that the probe could not be run afterwards. */
export function assertCanProbeStage({ wantedToken }: CloudCommandLine, env: NodeJS.ProcessEnv): void {
  assertCanProbe();
  if (wantedToken === 'none' && !env[TOKEN_VARIABLE]) {
    throw new UserError(`With --no-admin-token, --probe needs an admin token in ${TOKEN_VARIABLE}.`);
  }
}

export interface DeployedStageProbe extends ProbeTerminal {
  readonly stage: string;
  readonly profile: string | null;
  /** The token that the deployment made. Null if it made none. */
  readonly adminToken: string | null;
}

/**
 * Probes a stage that was just deployed. Its outputs come from CloudFormation, which knows those of all its stacks. Resolves
 * to the exit code. Rejects with a UserError if there is no token or no stage.
 */
export async function probeDeployedStage(options: DeployedStageProbe): Promise<number> {
  const { stage, profile, adminToken, env } = options;
  const token = adminToken ?? env[TOKEN_VARIABLE];
  if (!token) {
    throw new UserError(
      `The stacks are deployed, but not probed, for want of an admin token. Set ${TOKEN_VARIABLE} and run: npm run probe -- --stage ${stage}`,
    );
  }
  const line = parseProbeCommandLine(['--stage', stage, ...(profile === null ? [] : ['--profile', profile])]);
  if (line === null) return 0;
  options.stdout.write('\n');
  return runProbeCommand(line, { ...options, env: { ...env, [TOKEN_VARIABLE]: token } });
}
