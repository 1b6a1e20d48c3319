import { parseArgs } from 'node:util';
import { DEFAULT_DATA_DIR } from '#scripts/local/data-dir.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { CHECKS, isNamed } from './checks.ts';
import type { ProbeCheck } from './probe-check.ts';
import type { ProbeSettings } from './probe-context.ts';

/** Which platform is probed. Null for what was not given. */
export type ProbedPlatform =
  | { readonly kind: 'local'; readonly dataDir: string }
  | {
      readonly kind: 'stage';
      readonly stage: string;
      readonly outputsFile: string | null;
      readonly profile: string | null;
    };

export interface ProbeCommandLine {
  readonly platform: ProbedPlatform;
  readonly tokenFile: string | null;
  readonly settings: ProbeSettings;
  readonly checks: readonly ProbeCheck[];
  readonly isJson: boolean;
}

const SECONDS = { usual: 30, least: 4, most: 300 } as const;
const USUAL_MAX_DELAY_SECONDS = 4;

export const PROBE_USAGE = `npm run probe -- --local [options]
npm run probe -- --stage NAME [options]
  --local            the platform that "npm start" runs on this machine
  --data-dir DIR     its data folder (default ${DEFAULT_DATA_DIR})
  --stage NAME       a deployed stage; reads the outputs of its stacks with your AWS credentials
  --outputs FILE     with --stage: take the outputs from the file that "cdk deploy --outputs-file" wrote
  --profile NAME     with --stage: the AWS profile
  --token-file FILE  file with an admin token [HEADEND_TOKEN: the token]
  --seconds N        how long each test picture is watched, ${SECONDS.least} to ${SECONDS.most} (default ${SECONDS.usual})
  --max-delay N      glass to glass, 95th percentile, in seconds (default ${USUAL_MAX_DELAY_SECONDS})
  --only CHECK       one check, or all with this name before the slash; may be given several times:
                     ${[...new Set(CHECKS.map(({ name }) => name.split('/')[0]))].join(', ')}
  --notify           send a test notice to the topics of the alarms
  --json             print one line of JSON
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.`;

/** Parses the command line. Null if it asks for help. Throws a UserError if it is wrong. */
export function parseProbeCommandLine(args: readonly string[]): ProbeCommandLine | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      local: { type: 'boolean', default: false },
      'data-dir': { type: 'string' },
      stage: { type: 'string' },
      outputs: { type: 'string' },
      profile: { type: 'string' },
      'token-file': { type: 'string' },
      seconds: { type: 'string', default: String(SECONDS.usual) },
      'max-delay': { type: 'string', default: String(USUAL_MAX_DELAY_SECONDS) },
      only: { type: 'string', multiple: true, default: [] },
      notify: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const unknown = values.only.find((name) => !CHECKS.some((check) => isNamed(check, name)));
  if (unknown !== undefined) throw new UserError(`--only ${unknown}: there is no such check.`);
  return {
    platform: values.local ? localPlatform(values) : stagePlatform(values),
    tokenFile: values['token-file'] ?? null,
    settings: {
      seconds: parseNumber('--seconds', values.seconds, SECONDS.least, SECONDS.most),
      maxDelaySeconds: parseNumber('--max-delay', values['max-delay'], 0.1, 60),
      notifies: values.notify,
    },
    checks: CHECKS.filter((check) => values.only.length === 0 || values.only.some((name) => isNamed(check, name))),
    isJson: values.json,
  };
}

interface PlatformValues {
  readonly 'data-dir'?: string | undefined;
  readonly stage?: string | undefined;
  readonly outputs?: string | undefined;
  readonly profile?: string | undefined;
}

function localPlatform(values: PlatformValues): ProbedPlatform {
  const foreign = (['stage', 'outputs', 'profile'] as const).find((name) => values[name] !== undefined);
  if (foreign !== undefined) throw new UserError(`--local and --${foreign} do not go together.`);
  return { kind: 'local', dataDir: values['data-dir'] ?? DEFAULT_DATA_DIR };
}

function stagePlatform({ stage, outputs, profile, ...values }: PlatformValues): ProbedPlatform {
  if (stage === undefined || stage === '') throw new UserError('Say what to probe: --local or --stage NAME.');
  if (values['data-dir'] !== undefined) throw new UserError('--data-dir is for --local.');
  return { kind: 'stage', stage, outputsFile: outputs ?? null, profile: profile ?? null };
}

function parseNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!(value >= least && value <= most)) throw new UserError(`${option} ${text} is not from ${least} to ${most}.`);
  return value;
}
