import { parseArgs } from 'node:util';
import { UserError } from '#scripts/terminal/errors.ts';
import { type CdkCommand, readCdkOptions } from './cdk-cli.ts';

/** Which admin token a deployment makes: one if there is none yet, a new one in any case, or none. */
export type WantedToken = 'first' | 'new' | 'none';

/** The parsed arguments after `npm run COMMAND --`. */
export interface CloudCommandLine {
  readonly command: CdkCommand;
  /** The arguments for the CDK CLI, as typed. */
  readonly args: readonly string[];
  readonly isHelp: boolean;
  /** Null if none is named. */
  readonly stage: string | null;
  /** Empty for all stacks. */
  readonly stackNames: readonly string[];
  readonly isAll: boolean;
  /** Options of the CDK CLI that matter here too. Null if not given. */
  readonly profile: string | null;
  readonly output: string | null;
  readonly outputsFile: string | null;
  /** False if a change set is only prepared. */
  readonly isExecuted: boolean;
  readonly wantedToken: WantedToken;
  /** Whether the deployed stage is probed. */
  readonly isProbed: boolean;
}

/** Headend's own options for `deploy`. */
const DEPLOY_OPTIONS = {
  'new-admin-token': { type: 'boolean' },
  'no-admin-token': { type: 'boolean' },
  probe: { type: 'boolean' },
} as const;

/** Methods of `cdk deploy` that only prepare a change set. */
const PREPARING_METHODS = ['prepare-change-set'];

/**
 * Parses a command line like the CDK CLI. Unknown options are passed on, because the CLI decides about them. Throws a
 * UserError if options of Headend exclude each other.
 */
export function parseCdkCommandLine(command: CdkCommand, args: readonly string[]): CloudCommandLine {
  const { values, positionals } = parse(command, args);
  const last = (name: string): string | null => textsOf(values[name]).at(-1) ?? null;
  return {
    command,
    args: withoutOptions(command, args, Object.keys(ownOptionsOf(command))),
    isHelp: values.help === true,
    stage: stageOf(textsOf(values.context)),
    // The CLI's yargs treats "true" or "false" after a switch as its value.
    stackNames: positionals.filter((word) => word !== 'true' && word !== 'false'),
    isAll: values.all === true,
    profile: last('profile'),
    output: last('output'),
    outputsFile: last('outputs-file'),
    isExecuted: values['no-execute'] !== true && !PREPARING_METHODS.includes(last('method') ?? ''),
    wantedToken: wantedToken(values['new-admin-token'] === true, values['no-admin-token'] === true),
    isProbed: command === 'deploy' && values.probe === true,
  };
}

/** Removes options from a command line, by their names without dashes. The rest stays as typed. */
export function withoutOptions(command: CdkCommand, args: readonly string[], names: readonly string[]): string[] {
  const removed = new Set<number>();
  for (const token of parse(command, args).tokens) {
    if (token.kind !== 'option' || !names.includes(token.name)) continue;
    removed.add(token.index);
    if (token.value !== undefined && token.inlineValue === false) removed.add(token.index + 1);
  }
  return args.filter((_arg, index) => !removed.has(index));
}

const ownOptionsOf = (command: CdkCommand) => (command === 'deploy' ? DEPLOY_OPTIONS : {});

function parse(command: CdkCommand, args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: { ...readCdkOptions(command), help: { type: 'boolean', short: 'h' }, ...ownOptionsOf(command) },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
}

const textsOf = (value: unknown): string[] =>
  [value].flat().filter((text): text is string => typeof text === 'string' && text !== '');

/** The last one counts, as in the CLI. */
const stageOf = (context: readonly string[]): string | null =>
  context.map((entry) => /^=?stage=(.+)$/.exec(entry)?.[1]).findLast((name) => name !== undefined) ?? null;

function wantedToken(isNew: boolean, isNone: boolean): WantedToken {
  if (isNew && isNone) throw new UserError('Give --new-admin-token or --no-admin-token, not both.');
  if (isNew) return 'new';
  return isNone ? 'none' : 'first';
}
