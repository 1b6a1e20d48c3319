import { isIPv4 } from 'node:net';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { parsePort } from './parse-port.ts';

/** Options of `npm run edge`, complete. URLs have no trailing slash. */
export interface EdgeOptions {
  /** IPv4 address that everything listens on. */
  readonly listenHost: string;
  /** All ports are fixed ones: others must know them beforehand. */
  readonly httpPort: number;
  /** Where the encoder invokes the ingest-auth function and puts its events. */
  readonly lambdaPort: number;
  readonly eventsPort: number;
  /** Where the database and the encoder's origin server are, as the edge reaches them. */
  readonly dynamoDbUrl: string;
  readonly originUrl: string;
  /** Where broadcasters publish, and where viewers and API clients come in, as they see it. */
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly dataDir: string;
}

const USAGE = [
  'Options: --listen-host 127.0.0.1, --http-port 8080, --lambda-port 9001, --events-port 9002,',
  '--dynamodb-url http://127.0.0.1:8000, --origin-url http://127.0.0.1:8081, --rtmp-url rtmp://127.0.0.1:1935/live,',
  '--playback-base-url http://127.0.0.1:HTTP_PORT, --data-dir .headend.',
].join(' ');

/** Reads the command line. Throws a UserError that says what was got and what is allowed. */
export function parseEdgeOptions(args: readonly string[]): EdgeOptions {
  const values = parse(args);
  const httpPort = parsePort('--http-port', values['http-port'], 1);
  return {
    listenHost: parseHost(values['listen-host']),
    httpPort,
    lambdaPort: parsePort('--lambda-port', values['lambda-port'], 1),
    eventsPort: parsePort('--events-port', values['events-port'], 1),
    dynamoDbUrl: parseUrl('--dynamodb-url', values['dynamodb-url'], ['http']),
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
    return parseArgs({
      args: [...args],
      options: {
        'listen-host': { type: 'string', default: '127.0.0.1' },
        'http-port': { type: 'string', default: '8080' },
        'lambda-port': { type: 'string', default: '9001' },
        'events-port': { type: 'string', default: '9002' },
        'dynamodb-url': { type: 'string', default: 'http://127.0.0.1:8000' },
        'origin-url': { type: 'string', default: 'http://127.0.0.1:8081' },
        'rtmp-url': { type: 'string', default: 'rtmp://127.0.0.1:1935/live' },
        'playback-base-url': { type: 'string' },
        'data-dir': { type: 'string', default: '.headend' },
      },
    }).values;
  } catch (error) {
    throw new UserError(`${errorMessage(error)} ${USAGE}`);
  }
}

function parseHost(value: string): string {
  if (!isIPv4(value)) throw new UserError(`--listen-host ${value} is no IPv4 address.`);
  return value;
}

function parseUrl(option: string, value: string, schemes: readonly string[]): string {
  const url = z.url({ protocol: new RegExp(`^(${schemes.join('|')})$`) }).safeParse(value);
  if (!url.success) throw new UserError(`${option} ${value} is no URL that begins with ${schemes.join(' or ')}.`);
  return url.data.replace(/\/+$/, '');
}
