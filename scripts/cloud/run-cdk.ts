import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CDK_CLI_PATH } from './cdk-cli.ts';
import type { CloudCommandLine } from './cdk-command-line.ts';

/** The working directory of the CLI. Paths on the command line are relative to it. */
export const PROJECT_DIR = fileURLToPath(new URL('../..', import.meta.url));

/** AWS variables that a synthesis without an account keeps. */
const KEPT_VARIABLES = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_CA_BUNDLE'];

/** Arguments and environment of a run of the CDK CLI. */
export interface CdkRun {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Runs the CDK CLI and resolves to its exit code. */
export type RunCdk = (run: CdkRun) => Promise<number>;

/** Runs the pinned CDK CLI on this terminal, in the project's folder. Forwards signals and waits for its end. */
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

/** Builds the CLI's arguments: names the app, and turns off notices, telemetry and version checks. */
export function toCdkRun(line: CloudCommandLine, extraArgs: readonly string[], context: CdkContext): CdkRun {
  const { command, args, profile } = line;
  const app = ['--app', `node --import tsx ${context.appPath}`];
  const quiet = ['--no-notices', '--no-version-reporting'];
  // With CI set, the CLI writes messages to standard output, where a synthesis writes its template. --ci still does
  // that.
  const messages = command === 'synth' ? { CI: 'false' } : {};
  const env = { ...context.env, ...messages, CDK_DISABLE_VERSION_CHECK: 'true' };
  return {
    args: line.isHelp ? [command, '--help'] : [...app, command, ...quiet, ...extraArgs, ...args],
    env: command === 'synth' && profile === null ? withoutAccount(env) : env,
  };
}

/** The path of the CDK app, relative to the project's folder, and its environment. */
export interface CdkContext {
  readonly appPath: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Removes AWS credentials. With them, the CLI asks AWS for the account before a synthesis, and waits for ever on a
 * network that drops the request. No template depends on the account.
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
    // The SDK's notice about Node.js versions concerns Headend's developers.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
