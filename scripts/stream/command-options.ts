/** One option: how `parseArgs` of node:util reads it, and what the help says of it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** May be given several times. */
  readonly multiple?: boolean;
  readonly short?: string;
  /** What stands for its value in the help. */
  readonly placeholder?: string;
  readonly help: string;
}

/** Options by their names without dashes. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** What was given for each option; nothing where it was left out. */
export type OptionValues<Options extends CommandOptions> = {
  readonly [Name in keyof Options]?: OptionValue<Options[Name]> | undefined;
};

type OptionValue<Option extends CommandOption> = Option extends { readonly type: 'boolean' }
  ? boolean
  : Option extends { readonly multiple: true }
    ? readonly string[]
    : string;
