import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { COMMANDS } from '#scripts/stream/commands.ts';
import { runCommand } from '#scripts/stream/run-command.ts';
import { startControlApi } from '#test/support/control-api.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The exit code and output of a run of the command line. */
export interface CliExit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started run of the command line. */
export interface CliRun {
  readonly child: ChildProcess;
  readonly exited: Promise<CliExit>;
}

/** Variables of a run, in addition to those of this process. HEADEND_API and HEADEND_TOKEN are not inherited. */
export type CliEnvironment = Readonly<Record<string, string>>;

/** Starts `npm run stream` like npm. */
export function beginStreamCli(args: readonly string[], environment: CliEnvironment = {}): CliRun {
  const child = spawn(process.execPath, ['scripts/run.mjs', 'stream', ...args], {
    cwd: ROOT,
    env: cliEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, exited: followExit(child) };
}

/** Runs the command line to its end. */
export const runStreamCli = (args: readonly string[], environment: CliEnvironment = {}): Promise<CliExit> =>
  beginStreamCli(args, environment).exited;

/** Runs the command line on a new terminal, where a person types `typed`. All output is in `stdout`. */
export function runOnTerminal(args: readonly string[], typed: string, environment: CliEnvironment): Promise<CliExit> {
  const command = [process.execPath, 'scripts/run.mjs', 'stream', ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: ROOT,
    env: cliEnvironment(environment),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(typed);
  return followExit(child);
}

/** Runs the command line in this process, which is faster. Its input is not a terminal. */
export async function callStreamCli(args: readonly string[], environment: CliEnvironment = {}): Promise<CliExit> {
  const output = { stdout: '', stderr: '' };
  const writeTo = (name: keyof typeof output) => ({
    write: (text: string | Uint8Array) => {
      output[name] += text;
      return true;
    },
  });
  const code = await runCommand(args, COMMANDS, {
    env: { ...environment },
    stdin: Readable.from([]),
    stdout: writeTo('stdout'),
    stderr: writeTo('stderr'),
    once: () => undefined,
  });
  return { code, ...output };
}

/** Starts the control API on its own database. Includes the variables that point the command line to it. */
export async function startCliApi() {
  const database = await startTemporaryDynamoDb();
  const api = await startControlApi(database.client);
  return {
    ...api,
    environment: { HEADEND_API: `${api.url}/api`, HEADEND_TOKEN: api.tokens[0] },
    close: async () => {
      await api.close();
      await database.close();
    },
  };
}

/** Starts a server that gives every request the same answer and records the requests. */
export async function startFixedServer(answer: { status: number; headers?: Record<string, string>; body: string }) {
  const requests: { readonly method: string; readonly headers: NodeJS.Dict<string | string[]> }[] = [];
  const server = await listenOnLoopback(
    createServer(({ method = '', headers }, response) => {
      requests.push({ method, headers });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    }),
  );
  return { ...server, requests };
}

function cliEnvironment(environment: CliEnvironment): NodeJS.ProcessEnv {
  const { HEADEND_API: _api, HEADEND_TOKEN: _token, ...own } = process.env;
  // Jest's own options for Node.js must not affect the command line.
  return { ...own, NODE_OPTIONS: '', ...environment };
}

async function followExit(child: ChildProcess): Promise<CliExit> {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}
