import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { slateImageProblem } from '#config/slate-image.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { DEFAULT_DATA_DIR } from './data-dir.ts';
import { DEFAULT_PORTS, parsePort } from './ports.ts';

/** The options of `npm start` with all defaults filled in. */
export interface StartOptions {
  readonly httpPort: number;
  readonly rtmpPort: number;
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

/** What the options are, for `--help` and for errors. */
export const START_USAGE = [
  `Options: --http-port ${DEFAULT_PORTS.http}, --rtmp-port ${DEFAULT_PORTS.rtmp}, --tasks 1 (to ${MAX_TASKS}),`,
  `--data-dir ${DEFAULT_DATA_DIR}, --no-slate, --slate-image FILE, --demo, --json (a port of 0 means any free one).`,
].join(' ');

/** Parses the command line. Throws a UserError that says what is wrong and what is allowed. */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const values = parse(args);
  const httpPort = parsePort('--http-port', values['http-port'], 0);
  const rtmpPort = parsePort('--rtmp-port', values['rtmp-port'], 0);
  if (httpPort === rtmpPort && httpPort !== 0) {
    throw new UserError(`--http-port and --rtmp-port are both ${httpPort}; each needs a port of its own.`);
  }
  return {
    httpPort,
    rtmpPort,
    tasks: parseTasks(values.tasks),
    dataDir: values['data-dir'],
    slate: !values['no-slate'],
    slateImage: parseSlateImage(values['slate-image'], values['no-slate']),
    demo: values.demo,
    json: values.json,
  };
}

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
    return parseArgs({
      args: [...args],
      options: {
        'http-port': { type: 'string', default: String(DEFAULT_PORTS.http) },
        'rtmp-port': { type: 'string', default: String(DEFAULT_PORTS.rtmp) },
        tasks: { type: 'string', default: '1' },
        'data-dir': { type: 'string', default: DEFAULT_DATA_DIR },
        'no-slate': { type: 'boolean', default: false },
        'slate-image': { type: 'string' },
        demo: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UserError(`${errorMessage(error)} ${START_USAGE}`);
  }
}
