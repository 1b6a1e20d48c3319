import { createInterface } from 'node:readline';
import { ApiError } from '#scripts/api/api-error.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { toPrintable } from '#scripts/terminal/text-table.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandError, EXIT_CODES, toCommandError } from './command-error.ts';
import { parseStreamCommandLine, type RunCommandLine } from './command-line.ts';
import { resolveConnection } from './connection.ts';

/** The parts of `process` that the command line uses. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
  once(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Runs a command line and resolves to the exit code. Rejects only if Headend itself has a bug. */
export async function runCommand(
  args: readonly string[],
  commands: readonly Command[],
  terminal: Terminal,
): Promise<number> {
  try {
    const commandLine = parseStreamCommandLine(args, commands);
    if (commandLine.kind === 'help') terminal.stdout.write(commandLine.text);
    else await run(commandLine, terminal);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    terminal.stderr.write(toLines(error.message));
    return EXIT_CODES[error.kind];
  }
}

async function run({ command, input }: RunCommandLine, terminal: Terminal): Promise<void> {
  const { apiUrl, token, hint } = await resolveConnection(input.values, terminal.env);
  const api = new ControlApiClient({ apiUrl, token });
  try {
    await command.run(input, createContext(api, terminal, input.values.json === true));
  } catch (error) {
    throw error instanceof ApiError ? toCommandError(error, hint) : error;
  }
}

function createContext(api: ControlApiClient, terminal: Terminal, isJson: boolean): CommandContext {
  return {
    api,
    print: (result, toText) => {
      terminal.stdout.write(isJson ? `${JSON.stringify(result)}\n` : toLines(toText()));
    },
    note: (line) => {
      terminal.stderr.write(toLines(line));
    },
    confirm: (question) => confirm(question, terminal),
    untilInterrupted: () => {
      const controller = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) terminal.once(signal, () => controller.abort());
      return controller.signal;
    },
  };
}

async function confirm(question: string, { stdin, stderr }: Terminal): Promise<boolean> {
  if (stdin.isTTY !== true) return true;
  stderr.write(`${toPrintable(question)} [y/N] `);
  const lines = createInterface({ input: stdin });
  // Ctrl-D ends the input without a line, which counts as no.
  for await (const line of lines) return /^\s*y(es)?\s*$/i.test(line);
  return false;
}

/** Makes text that contains untrusted text safe for a terminal. */
const toLines = (text: string): string => `${text.trimEnd().split('\n').map(toPrintable).join('\n')}\n`;
