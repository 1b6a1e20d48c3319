import { parseArgs } from 'node:util';
import { UserError } from '#scripts/terminal/errors.ts';
import { type Fault, isNamed } from './fault.ts';
import { FAULTS } from './faults.ts';
import { soak } from './soak.ts';

export interface FaultsCommandLine {
  readonly faults: readonly Fault[];
  /** By how much longer everything may take. */
  readonly patience: number;
  readonly isJson: boolean;
}

const SOAK_SECONDS = { least: 10, most: 86_400 } as const;
const USUAL_SEED = 1;
const MOST_PATIENCE = 10;

export const FAULTS_USAGE = `npm run faults -- [options]
  --only NAME     one fault, or all with this name before the slash; may be given several times:
                  ${[...new Set(FAULTS.map(({ name }) => name.split('/')[0]))].join(', ')}
  --soak SECONDS  instead, break one stream at random for so long, ${SOAK_SECONDS.least} to ${SOAK_SECONDS.most}
  --seed N        with --soak: what it does follows from this number (default ${USUAL_SEED})
  --patience N    everything may take N times as long, on a slow machine, 1 to ${MOST_PATIENCE} (default 1)
  --json          print one line of JSON
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.`;

/** Parses the command line. Null if it asks for help. Throws a UserError if it is wrong. */
export function parseFaultsCommandLine(args: readonly string[]): FaultsCommandLine | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      soak: { type: 'string' },
      seed: { type: 'string' },
      patience: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  if (values.soak === undefined && values.seed !== undefined) throw new UserError('--seed is for --soak.');
  if (values.soak !== undefined && values.only.length > 0) throw new UserError('--soak and --only do not go together.');
  const isJson = values.json;
  const patience = parseWhole('--patience', values.patience, 1, MOST_PATIENCE);
  if (values.soak !== undefined) {
    const seconds = parseWhole('--soak', values.soak, SOAK_SECONDS.least, SOAK_SECONDS.most);
    const seed = parseWhole('--seed', values.seed ?? String(USUAL_SEED), 0, 2 ** 32 - 1);
    return { faults: [soak({ seconds, seed })], patience, isJson };
  }
  const unknown = values.only.find((name) => !FAULTS.some((fault) => isNamed(fault, name)));
  if (unknown !== undefined) throw new UserError(`--only ${unknown}: there is no such fault.`);
  const faults = FAULTS.filter((fault) => values.only.length === 0 || values.only.some((name) => isNamed(fault, name)));
  return { faults, patience, isJson };
}

function parseWhole(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UserError(`${option} ${text} is not a whole number from ${least} to ${most}.`);
}
