import { type ParseArgsConfig, parseArgs } from 'node:util';
import { errorMessage } from '#scripts/terminal/errors.ts';
import type { Command, CommandInput, CommandOption, CommandOptions } from './command.ts';
import { CommandError } from './command-error.ts';
import { commandHelp, generalHelp } from './command-help.ts';
import { CONNECTION_OPTIONS } from './connection.ts';

/** The options of every command. */
export const GENERAL_OPTIONS = {
  ...CONNECTION_OPTIONS,
  json: { type: 'boolean', help: 'print JSON, one line per result' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
} as const satisfies CommandOptions;

/** A command and its arguments. */
export interface RunCommandLine {
  readonly kind: 'run';
  readonly command: Command;
  readonly input: CommandInput<CommandOptions & typeof GENERAL_OPTIONS>;
}

/** A request for help, with the text to print. */
export interface HelpCommandLine {
  readonly kind: 'help';
  readonly text: string;
}

/** Parses a command line. Options may stand anywhere. If it is wrong, throws a CommandError that includes the help. */
export function parseStreamCommandLine(
  args: readonly string[],
  commands: readonly Command[],
): RunCommandLine | HelpCommandLine {
  const { words, isHelp } = readWords(args, commands);
  const command = findCommand(words, commands);
  if (command === undefined) {
    const text = generalHelp(commands, GENERAL_OPTIONS);
    if (words.length === 0 && isHelp) return { kind: 'help', text };
    throw new CommandError('usage', `${unknownCommand(words, commands)}\n\n${text}`);
  }
  const text = commandHelp(command, GENERAL_OPTIONS);
  const { values, positionals } = parseStrictly(args, command, text);
  if (values.help === true) return { kind: 'help', text };
  const operands = positionals.slice(command.name.split(' ').length);
  const required = command.operand === null ? 0 : 1;
  const most = required + (command.optionalOperand === undefined ? 0 : 1);
  if (operands.length < required) throw new CommandError('usage', `Name the ${command.operand}.\n\n${text}`);
  if (operands.length > most) throw new CommandError('usage', `There are too many arguments.\n\n${text}`);
  const [operand = '', optionalOperand = null] = operands;
  return { kind: 'run', command, input: { values, operand, optionalOperand } };
}

/**
 * Finds the words that are not options of any command. Throws a CommandError that names the first unknown option, but
 * not what follows it: that may be a secret.
 */
function readWords(args: readonly string[], commands: readonly Command[]) {
  const options: CommandOptions = Object.assign({}, GENERAL_OPTIONS, ...commands.map((command) => command.options));
  const { tokens, values, positionals } = parseArgs({
    args: [...args],
    options: toConfig(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const unknown = tokens.find((token) => token.kind === 'option' && !Object.hasOwn(options, token.name));
  if (unknown?.kind === 'option') {
    const text = generalHelp(commands, GENERAL_OPTIONS);
    throw new CommandError('usage', `Unknown option '${unknown.rawName}'.\n\n${text}`);
  }
  return { words: positionals, isHelp: values.help === true };
}

/** Finds the command with the longest name that the words begin with: the name of one may begin that of another. */
function findCommand(words: readonly string[], commands: readonly Command[]): Command | undefined {
  return commands
    .filter(({ name }) => name.split(' ').every((word, index) => words[index] === word))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

function unknownCommand([first, second]: readonly string[], commands: readonly Command[]): string {
  if (first === undefined) return 'Name a command.';
  const isGroup = commands.some(({ name }) => name.startsWith(`${first} `));
  return `Unknown command "${isGroup && second !== undefined ? `${first} ${second}` : first}".`;
}

function parseStrictly(args: readonly string[], command: Command, help: string) {
  const options = { ...command.options, ...GENERAL_OPTIONS };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: toConfig(options), allowPositionals: true });
    return { values: values as CommandInput<typeof options>['values'], positionals };
  } catch (error) {
    // The first sentence of Node.js's message says what is wrong. The advice after it rarely applies.
    const [message] = errorMessage(error).split(/\. |\n/, 1);
    throw new CommandError('usage', `${message}.\n\n${help}`, { cause: error });
  }
}

const toConfig = (options: CommandOptions): NonNullable<ParseArgsConfig['options']> =>
  Object.fromEntries(Object.entries(options).map(([name, option]) => [name, toOptionConfig(option)]));

const toOptionConfig = ({ type, multiple = false, short }: CommandOption) => ({
  type,
  multiple,
  ...(short === undefined ? {} : { short }),
});
