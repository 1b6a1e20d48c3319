import { isIPv4 } from 'node:net';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { RTMP_APPLICATION } from '#domain/ports.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { DEFAULT_DATA_DIR } from './data-dir.ts';
import { LOOPBACK } from './http-server.ts';
import { DEFAULT_PORTS, parsePort } from './ports.ts';

/** The options of `npm run edge` with all defaults filled in. URLs have no trailing slash. */
export interface EdgeOptions {
  /** The IPv4 address on which everything listens. */
  readonly listenHost: string;
  /** No port may be 0: other programs must know it in advance. */
  readonly httpPort: number;
  /** The encoder invokes the ingest-auth function at the first, puts its events to the second, and has its database. */
  readonly lambdaPort: number;
  readonly eventsPort: number;
  readonly dynamoDbPort: number;
  /** The name by which the encoder reaches these three. Null if it is on the same machine. */
  readonly hostName: string | null;
  /** Address at which the edge reaches the encoder's origin server. */
  readonly originUrl: string;
  /** Addresses at which broadcasters publish, and viewers and API clients connect, from their point of view. */
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly dataDir: string;
}

const OPTIONS = {
  'listen-host': { type: 'string', default: LOOPBACK.host },
  'http-port': { type: 'string', default: String(DEFAULT_PORTS.http) },
  'lambda-port': { type: 'string', default: '9001' },
  'events-port': { type: 'string', default: '9002' },
  'dynamodb-port': { type: 'string', default: '8000' },
  'origin-url': { type: 'string', default: 'http://127.0.0.1:8081' },
  'rtmp-url': { type: 'string', default: `rtmp://127.0.0.1:${DEFAULT_PORTS.rtmp}/${RTMP_APPLICATION}` },
  'data-dir': { type: 'string', default: DEFAULT_DATA_DIR },
  'host-name': { type: 'string' },
  /** The default depends on the HTTP port. */
  'playback-base-url': { type: 'string' },
} as const;

/** What stands for the defaults that are not fixed. */
const NOT_FIXED: Readonly<Record<string, string>> = {
  'host-name': 'NAME',
  'playback-base-url': 'http://127.0.0.1:HTTP_PORT',
};
/** What the options are, with their defaults. */
export const EDGE_USAGE = `Options: ${Object.entries(OPTIONS)
  .map(([name, option]) => `--${name} ${'default' in option ? option.default : NOT_FIXED[name]}`)
  .join(', ')}.`;

/** Parses the command line. Throws a UserError that says what is wrong and what is allowed. */
export function parseEdgeOptions(args: readonly string[]): EdgeOptions {
  const values = parse(args);
  const httpPort = parsePort('--http-port', values['http-port'], 1);
  return {
    listenHost: parseAddress(values['listen-host']),
    httpPort,
    lambdaPort: parsePort('--lambda-port', values['lambda-port'], 1),
    eventsPort: parsePort('--events-port', values['events-port'], 1),
    dynamoDbPort: parsePort('--dynamodb-port', values['dynamodb-port'], 1),
    hostName: parseHostName(values['host-name']),
    originUrl: parseUrl('--origin-url', values['origin-url'], ['http']),
    rtmpUrl: parseUrl('--rtmp-url', values['rtmp-url'], ['rtmp']),
    playbackBaseUrl: parseUrl('--playback-base-url', values['playback-base-url'] ?? `http://127.0.0.1:${httpPort}`, [
      'http',
      'https',
    ]),
    dataDir: values['data-dir'],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UserError(`${errorMessage(error)} ${EDGE_USAGE}`);
  }
}

function parseAddress(value: string): string {
  if (!isIPv4(value)) throw new UserError(`--listen-host ${value} is not an IPv4 address.`);
  return value;
}

/** A name without dots. Nobody on the internet can have it. */
function parseHostName(value: string | undefined): string | null {
  if (value === undefined) return null;
  if (!/^[a-z][a-z0-9-]*$/.test(value)) {
    throw new UserError(`--host-name ${value} is not a name of lower-case letters, digits and hyphens.`);
  }
  return value;
}

function parseUrl(option: string, value: string, schemes: readonly string[]): string {
  const url = z.url({ protocol: new RegExp(`^(${schemes.join('|')})$`) }).safeParse(value);
  if (!url.success) throw new UserError(`${option} ${value} is not a URL that starts with ${schemes.join(' or ')}.`);
  return url.data.replace(/\/+$/, '');
}
