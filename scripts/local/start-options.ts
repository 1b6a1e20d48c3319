import { parseArgs } from 'node:util';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { parsePort } from './parse-port.ts';

/** Options of `npm start`, complete. */
export interface StartOptions {
  readonly httpPort: number;
  readonly rtmpPort: number;
  readonly dataDir: string;
  /** Publish a test picture. */
  readonly demo: boolean;
  /** Print one JSON line instead of words. */
  readonly json: boolean;
}

const USAGE =
  'Options: --http-port 8080, --rtmp-port 1935, --tasks 1, --data-dir .headend, --demo, --json (a port of 0 means any free one).';

/** Reads the command line. Throws a UserError that says what was got and what is allowed. */
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
        'http-port': { type: 'string', default: '8080' },
        'rtmp-port': { type: 'string', default: '1935' },
        tasks: { type: 'string', default: '1' },
        'data-dir': { type: 'string', default: '.headend' },
        demo: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UserError(`${errorMessage(error)} ${USAGE}`);
  }
}
