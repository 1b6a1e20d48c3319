import { parseArgs } from 'node:util';
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
  `--data-dir ${DEFAULT_DATA_DIR}, --demo, --json (a port of 0 means any free one).`,
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

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'http-port': { type: 'string', default: String(DEFAULT_PORTS.http) },
        'rtmp-port': { type: 'string', default: String(DEFAULT_PORTS.rtmp) },
        tasks: { type: 'string', default: '1' },
        'data-dir': { type: 'string', default: DEFAULT_DATA_DIR },
        demo: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UserError(`${errorMessage(error)} ${START_USAGE}`);
  }
}
