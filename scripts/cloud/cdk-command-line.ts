import { parseArgs } from 'node:util';
import { UserError } from '#scripts/terminal/errors.ts';
import { type CdkCommand, readCdkOptions } from './cdk-cli.ts';

/** Which admin token a deployment makes: the first one where there is none, a new one in any case, or none. */
export type WantedToken = 'first' | 'new' | 'none';

/** What was typed behind `npm run COMMAND --`. */
export interface CloudCommandLine {
  readonly command: CdkCommand;
  /** For the CDK CLI, as typed. */
  readonly args: readonly string[];
  readonly isHelp: boolean;
  /** Null where none is named. */
  readonly stage: string | null;
  /** None: all stacks are meant. */
  readonly stackNames: readonly string[];
  readonly isAll: boolean;
  /** Options of the CDK CLI that matter here too; null where they are left out. */
  readonly profile: string | null;
  readonly output: string | null;
  readonly outputsFile: string | null;
  /** A change set may be made and not carried out. */
  readonly isExecuted: boolean;
  readonly wantedToken: WantedToken;
}

/** Headend's own options of `deploy`. */
const TOKEN_OPTIONS = { 'new-admin-token': { type: 'boolean' }, 'no-admin-token': { type: 'boolean' } } as const;

/** Methods of `cdk deploy` that only make a change set. */
const PREPARING_METHODS = ['prepare-change-set'];

/**
 * Reads a command line as the CDK CLI does, which judges it in the end: what is unknown here is passed on. Throws a UserError
 * for options of Headend's own that exclude each other.
 */
export function parseCdkCommandLine(command: CdkCommand, args: readonly string[]): CloudCommandLine {
  const ownOptions = command === 'deploy' ? TOKEN_OPTIONS : {};
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...readCdkOptions(command), help: { type: 'boolean', short: 'h' }, ...ownOptions },
    strict: false,
    allowPositionals: true,
  });
  const last = (name: string): string | null => textsOf(values[name]).at(-1) ?? null;
  const ownArgs = Object.keys(ownOptions).map((name) => `--${name}`);
  return {
    command,
    args: args.filter((arg) => !ownArgs.includes(arg)),
    isHelp: values.help === true,
    stage: stageOf(textsOf(values.context)),
    // The CLI's yargs takes a word "true" or "false" behind a switch as its value.
    stackNames: positionals.filter((word) => word !== 'true' && word !== 'false'),
    isAll: values.all === true,
    profile: last('profile'),
    output: last('output'),
    outputsFile: last('outputs-file'),
    isExecuted: values['no-execute'] !== true && !PREPARING_METHODS.includes(last('method') ?? ''),
    wantedToken: wantedToken(values['new-admin-token'] === true, values['no-admin-token'] === true),
  };
}

const textsOf = (value: unknown): string[] =>
  [value].flat().filter((text): text is string => typeof text === 'string' && text !== '');

/** The last one counts, as it does for the CLI. */
const stageOf = (context: readonly string[]): string | null =>
  context.map((entry) => /^=?stage=(.+)$/.exec(entry)?.[1]).findLast((name) => name !== undefined) ?? null;

function wantedToken(isNew: boolean, isNone: boolean): WantedToken {
  if (isNew && isNone) throw new UserError('Give --new-admin-token or --no-admin-token, not both.');
  if (isNew) return 'new';
  return isNone ? 'none' : 'first';
}
