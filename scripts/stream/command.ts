import type { CommandOptions, OptionValues } from './command-options.ts';
import type { ControlApi } from './control-api.ts';

/** What a command works with. */
export interface CommandContext {
  readonly api: ControlApi;
  /** To standard output: `result` as one line of JSON where that was asked for, else the text. */
  print(result: unknown, toText: () => string): void;
  /** A line for the person at the keyboard, to standard error. */
  note(line: string): void;
  /** Asks the person at the keyboard; true where there is none. */
  confirm(question: string): Promise<boolean>;
  /** Aborts at Ctrl-C and SIGTERM, which from now on end nothing else. */
  untilInterrupted(): AbortSignal;
}

/** What was typed behind a command's name; the operand is empty where it takes none. */
export interface CommandInput<Options extends CommandOptions> {
  readonly operand: string;
  readonly values: OptionValues<Options>;
}

/** One thing that the command line can do. */
export interface Command<Options extends CommandOptions = CommandOptions> {
  /** As typed: one word or two. */
  readonly name: string;
  readonly summary: string;
  /** Further lines of its help. */
  readonly notes: readonly string[];
  /** What its one operand is called, or null for none. */
  readonly operand: string | null;
  readonly options: Options;
  /** Throws a CommandError where it can't be done. */
  run(input: CommandInput<Options>, context: CommandContext): Promise<void>;
}

/** Lets the compiler infer the values' types from the options. */
export const defineCommand = <const Options extends CommandOptions>(command: Command<Options>): Command => command;
