import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { slateImageProblem } from '#config/slate-image.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { formatTable, indent } from '#scripts/terminal/text-table.ts';
import { DEFAULT_DATA_DIR } from './data-dir.ts';
import { ANY_HOST, parseHost } from './network-reach.ts';
import { DEFAULT_PORTS, parsePort } from './ports.ts';

/** The options of `npm start` with all defaults filled in. */
export interface StartOptions {
  readonly httpPort: number;
  readonly rtmpPort: number;
  /** The IPv4 address at which other machines can connect, or 0.0.0.0 for all. Null if none can. */
  readonly host: string | null;
  /** Number of encoder tasks. */
  readonly tasks: number;
  readonly dataDir: string;
  /** Whether viewers get a slate while a stream waits for its publisher. */
  readonly slate: boolean;
  /** Absolute path of the picture on it. Null for a plain one. */
  readonly slateImage: string | null;
  /** Whether to publish a test picture. */
  readonly demo: boolean;
  /** Whether to print one JSON line instead of text. */
  readonly json: boolean;
}

/** More than a laptop has work for. */
const MAX_TASKS = 9;

const OPTIONS = {
  'http-port': { type: 'string', default: String(DEFAULT_PORTS.http) },
  'rtmp-port': { type: 'string', default: String(DEFAULT_PORTS.rtmp) },
  host: { type: 'string' },
  tasks: { type: 'string', default: '1' },
  'data-dir': { type: 'string', default: DEFAULT_DATA_DIR },
  'no-slate': { type: 'boolean', default: false },
  'slate-image': { type: 'string' },
  demo: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** npm has options of the same name, which may have been meant for it. */
const NPM_OPTIONS: readonly string[] = ['json'];

/** What the options are, for `--help` and for errors. */
export const START_USAGE = `npm start -- [options]
${indent(
  formatTable([
    [
      '--http-port N',
      `port of the player, playlists, media and control API (${DEFAULT_PORTS.http}; 0 for any free one)`,
    ],
    ['--rtmp-port N', `port that broadcasters publish to (${DEFAULT_PORTS.rtmp}; 0 for any free one)`],
    ['--host ADDRESS', `lets the network reach both ports, at this address of the machine, or at all: ${ANY_HOST}`],
    ['--tasks N', `number of encoders, 1 to ${MAX_TASKS} (1)`],
    ['--data-dir DIR', `folder of the database, the keys and the logs (${DEFAULT_DATA_DIR})`],
    ['--no-slate', 'no slate while a stream waits for its publisher, or for its picture'],
    ['--slate-image FILE', 'a PNG or JPEG for the slates of all streams, at most 2 MB'],
    ['--demo', 'publishes a moving test picture to a stream of its own'],
    ['--json', 'prints one JSON line when the platform is ready, for scripts'],
    ['--help', 'prints this, and starts nothing'],
  ]),
)}`;

/** Parses the command line. Throws a UserError that says what is wrong and what is allowed. */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const values = parse(args);
  const httpPort = parsePort('--http-port', values['http-port'], 0);
  const rtmpPort = parsePort('--rtmp-port', values['rtmp-port'], 0);
  if (httpPort === rtmpPort && httpPort !== 0) {
    throw new UserError(`--http-port and --rtmp-port are both ${httpPort}; each needs a port of its own.`);
  }
  const host = values.host === undefined ? null : parseHost(values.host);
  const tasks = parseTasks(values.tasks);
  if (host !== null && tasks > 1) {
    throw new UserError('--host takes one encoder: behind a balancer, it could not tell broadcasters from each other.');
  }
  if (values['data-dir'] === '') throw new UserError('--data-dir is empty; name a folder.');
  return {
    httpPort,
    rtmpPort,
    host,
    tasks,
    dataDir: values['data-dir'],
    slate: !values['no-slate'],
    slateImage: parseSlateImage(values['slate-image'], values['no-slate']),
    demo: values.demo,
    json: values.json,
  };
}

/**
 * What npm has kept of the command line, because no `--` stands before it: `npm start --demo` starts no demo. Throws a
 * UserError that says so.
 */
export function checkKeptByNpm(environment: NodeJS.ProcessEnv): void {
  if (environment.npm_lifecycle_event !== 'start') return;
  const kept = Object.keys(OPTIONS).filter((name) => !NPM_OPTIONS.includes(name) && isKeptByNpm(name, environment));
  if (kept.length === 0) return;
  const words = kept.map((name) => `--${name}`).join(', ');
  throw new UserError(
    `npm took ${words} for options of its own. Write "--" before them: npm start -- --${kept[0]} ...`,
  );
}

/** npm drops `no-` from names, and leaves the value empty. */
const isKeptByNpm = (name: string, environment: NodeJS.ProcessEnv): boolean =>
  environment[`npm_config_${name.replace(/^no-/, '').replaceAll('-', '_')}`] !== undefined;

function parseTasks(value: string): number {
  const tasks = Number(value);
  if (!/^\d$/.test(value) || tasks < 1 || tasks > MAX_TASKS) {
    throw new UserError(`--tasks ${value} is not possible; 1 to ${MAX_TASKS} are.`);
  }
  return tasks;
}

function parseSlateImage(path: string | undefined, isOff: boolean): string | null {
  if (path === undefined) return null;
  if (isOff) throw new UserError('--slate-image and --no-slate contradict each other.');
  const problem = slateImageProblem(path);
  if (problem !== null) throw new UserError(`--slate-image: ${problem}.`);
  return resolve(path);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UserError(`${errorMessage(error)}. "npm start -- --help" lists the options.`);
  }
}
