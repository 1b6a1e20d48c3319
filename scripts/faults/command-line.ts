import { parseArgs } from 'node:util';
import { UserError } from '#scripts/terminal/errors.ts';
import { type Fault, isNamed } from './fault.ts';
import { FAULTS } from './faults.ts';

export interface FaultsCommandLine {
  readonly faults: readonly Fault[];
  readonly isJson: boolean;
}

export const FAULTS_USAGE = `npm run faults -- [options]
  --only NAME     one fault, or all with this name before the slash; may be given several times:
                  ${[...new Set(FAULTS.map(({ name }) => name.split('/')[0]))].join(', ')}
  --json          print one line of JSON
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.`;

/** Parses the command line. Null if it asks for help. Throws a UserError if it is wrong. */
export function parseFaultsCommandLine(args: readonly string[]): FaultsCommandLine | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const unknown = values.only.find((name) => !FAULTS.some((fault) => isNamed(fault, name)));
  if (unknown !== undefined) throw new UserError(`--only ${unknown}: there is no such fault.`);
  const faults = FAULTS.filter((fault) => values.only.length === 0 || values.only.some((name) => isNamed(fault, name)));
  return { faults, isJson: values.json };
}
