import type { ControlApiClient } from '#scripts/api/control-api-client.ts';

/** One option: how `parseArgs` of node:util reads it, and what the help says about it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** Whether the option may be given several times. */
  readonly multiple?: boolean;
  readonly short?: string;
  /** Stands for the value in the help. */
  readonly placeholder?: string;
  readonly help: string;
}

/** Options by name, without dashes. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** The values of the options that were given. */
export type OptionValues<Options extends CommandOptions> = {
  readonly [Name in keyof Options]?: OptionValue<Options[Name]> | undefined;
};

type OptionValue<Option extends CommandOption> = Option extends { readonly type: 'boolean' }
  ? boolean
  : Option extends { readonly multiple: true }
    ? readonly string[]
    : string;

/** Everything that a command works with. */
export interface CommandContext {
  readonly api: ControlApiClient;
  /** Writes to standard output: `result` as one line of JSON with --json, otherwise the text. */
  print(result: unknown, toText: () => string): void;
  /** Writes a line for the person at the keyboard to standard error. */
  note(line: string): void;
  /** Asks the person at the keyboard. Resolves to true if standard input is not a terminal. */
  confirm(question: string): Promise<boolean>;
  /** Returns a signal that Ctrl-C and SIGTERM abort. From then on they no longer end the process. */
  untilInterrupted(): AbortSignal;
}

/** The arguments of a command. The operand is empty if the command takes none. */
export interface CommandInput<Options extends CommandOptions> {
  readonly operand: string;
  /** Null if it was left out. */
  readonly optionalOperand: string | null;
  readonly values: OptionValues<Options>;
}

/** A command of `npm run stream`. */
export interface Command<Options extends CommandOptions = CommandOptions> {
  /** One word or two, as typed. */
  readonly name: string;
  readonly summary: string;
  /** Further lines of its help. */
  readonly notes: readonly string[];
  /** The name of its operand in the help. Null if it takes none. */
  readonly operand: string | null;
  /** The name of one that may follow. @default none may */
  readonly optionalOperand?: string;
  readonly options: Options;
  /** Throws a CommandError or an ApiError. */
  run(input: CommandInput<Options>, context: CommandContext): Promise<void>;
}

/** Lets the compiler infer the types of the values from the options. */
export const defineCommand = <const Options extends CommandOptions>(command: Command<Options>): Command => command;
