import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CDK_CLI_PATH } from './cdk-cli.ts';
import type { CloudCommandLine } from './cdk-command-line.ts';

/** The folder that the CLI runs in; what is typed as a path is relative to it. */
export const PROJECT_DIR = fileURLToPath(new URL('../..', import.meta.url));

/** Variables of AWS that a synthesis without an account may still look at. */
const KEPT_VARIABLES = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_CA_BUNDLE'];

/** What the CDK CLI is run with. */
export interface CdkRun {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Runs the CDK CLI and resolves to its exit code. */
export type RunCdk = (run: CdkRun) => Promise<number>;

/** Runs the pinned CDK CLI on this process's terminal, from the project's folder. Signals reach it, and it ends first. */
export async function runCdk({ args, env }: CdkRun): Promise<number> {
  const child = spawn(process.execPath, [CDK_CLI_PATH, ...args], { cwd: PROJECT_DIR, env, stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals): unknown => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    process.off('SIGINT', forward).off('SIGTERM', forward);
  }
}

/** The CLI's call for a command line: with the app in front, and without news, telemetry and a look for newer versions. */
export function toCdkRun(line: CloudCommandLine, extraArgs: readonly string[], context: CdkContext): CdkRun {
  const { command, args, profile } = line;
  const app = ['--app', `node --import tsx ${context.appPath}`];
  const quiet = ['--no-notices', '--no-version-reporting'];
  // Where CI is set the CLI's messages go to standard output, which a synthesis needs for its templates; --ci still does it.
  const messages = command === 'synth' ? { CI: 'false' } : {};
  const env = { ...context.env, ...messages, CDK_DISABLE_VERSION_CHECK: 'true' };
  return {
    args: line.isHelp ? [command, '--help'] : [...app, command, ...quiet, ...extraArgs, ...args],
    env: command === 'synth' && profile === null ? withoutAccount(env) : env,
  };
}

/** Which CDK app is meant, from the project's folder, and in what environment. */
export interface CdkContext {
  readonly appPath: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * With credentials the CLI asks AWS whose they are before a synthesis, and waits for ever where the network swallows that. No
 * template depends on the answer.
 */
function withoutAccount(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !name.startsWith('AWS_') || KEPT_VARIABLES.includes(name),
  );
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The SDK's advice on Node versions is for Headend's developers.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
