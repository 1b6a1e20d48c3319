import { parseArgs } from 'node:util';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { DEFAULT_DATA_DIR } from './data-dir.ts';
import { DEFAULT_PORTS, parsePort } from './ports.ts';

/** The options of `npm start` with all defaults filled in. */
export interface StartOptions {
  readonly httpPort: number;
  readonly rtmpPort: number;
  readonly dataDir: string;
  /** Whether to publish a test picture. */
  readonly demo: boolean;
  /** Whether to print one JSON line instead of text. */
  readonly json: boolean;
}

const USAGE = [
  `Options: --http-port ${DEFAULT_PORTS.http}, --rtmp-port ${DEFAULT_PORTS.rtmp}, --tasks 1,`,
  `--data-dir ${DEFAULT_DATA_DIR}, --demo, --json (a port of 0 means any free one).`,
].join(' ');

/** Parses the command line. Throws a UserError that says what is wrong and what is allowed. */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const values = parse(args);
  if (values.tasks !== '1') throw new UserError(`--tasks ${values.tasks} is not possible yet; only 1 is. ${USAGE}`);
  const httpPort = parsePort('--http-port', values['http-port'], 0);
  const rtmpPort = parsePort('--rtmp-port', values['rtmp-port'], 0);
  if (httpPort === rtmpPort && httpPort !== 0) {
    throw new UserError(`--http-port and --rtmp-port are both ${httpPort}; each needs a port of its own.`);
  }
  return {
    httpPort,
    rtmpPort,
    dataDir: values['data-dir'],
    demo: values.demo,
    json: values.json,
  };
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
    throw new UserError(`${errorMessage(error)} ${USAGE}`);
  }
}
