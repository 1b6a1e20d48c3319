import { createInterface } from 'node:readline';
import { toPrintable } from '#scripts/terminal/text-table.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandError, EXIT_CODES } from './command-error.ts';
import { parseStreamCommandLine } from './command-line.ts';
import { resolveConnection } from './connection.ts';
import { ControlApi } from './control-api.ts';

/** What a command line has of its process. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
  once(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Runs a command line and resolves to the exit code. Rejects where Headend itself is at fault. */
export async function runCommand(
  args: readonly string[],
  commands: readonly Command[],
  terminal: Terminal,
): Promise<number> {
  try {
    const commandLine = parseStreamCommandLine(args, commands);
    if (commandLine.kind === 'help') {
      terminal.stdout.write(commandLine.text);
      return 0;
    }
    const { command, input } = commandLine;
    const api = new ControlApi(await resolveConnection(input.values, terminal.env));
    await command.run(input, createContext(api, terminal, input.values.json === true));
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    terminal.stderr.write(toLines(error.message));
    return EXIT_CODES[error.kind];
  }
}

function createContext(api: ControlApi, terminal: Terminal, isJson: boolean): CommandContext {
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
  // Ctrl-D leaves no line: nobody said yes.
  for await (const line of lines) return /^\s*y(es)?\s*$/i.test(line);
  return false;
}

/** Text that holds what others wrote, for a terminal. */
const toLines = (text: string): string => `${text.trimEnd().split('\n').map(toPrintable).join('\n')}\n`;
