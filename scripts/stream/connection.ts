import { readFile } from 'node:fs/promises';
import { DEFAULT_DATA_DIR } from '#scripts/local/data-dir.ts';
import { readLocalState } from '#scripts/local/local-state.ts';
import { readRunningPlatform } from '#scripts/local/running-platform.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import type { CommandOptions, OptionValues } from './command.ts';
import { CommandError } from './command-error.ts';

/** The address of the control API and the token for it. */
export interface Connection {
  /** Without a trailing slash. */
  readonly apiUrl: string;
  readonly token: string;
  /** What to do if the API does not answer: empty, or a sentence with a leading space. */
  readonly hint: string;
}

/** The options of every command that select the API. */
export const CONNECTION_OPTIONS = {
  api: {
    type: 'string',
    placeholder: 'URL',
    help: 'the control API, as in https://live.example.com/api [HEADEND_API]',
  },
  'token-file': { type: 'string', placeholder: 'FILE', help: 'file with an admin token [HEADEND_TOKEN: the token]' },
  token: { type: 'string', placeholder: 'TOKEN', help: 'admin token; other users of this machine can see it here' },
  'data-dir': {
    type: 'string',
    placeholder: 'DIR',
    help: `data folder of the local platform, used without --api; default ${DEFAULT_DATA_DIR}`,
  },
} as const satisfies CommandOptions;

type ConnectionValues = OptionValues<typeof CONNECTION_OPTIONS>;

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Resolves the connection from the options and the environment; options take precedence. Without an address it is the
 * platform on this machine. The local platform's token is sent to no other address. Throws a CommandError.
 */
export async function resolveConnection(values: ConnectionValues, environment: NodeJS.ProcessEnv): Promise<Connection> {
  const dataDir = values['data-dir'] ?? DEFAULT_DATA_DIR;
  const address = values.api ?? (environment.HEADEND_API || null);
  const token = await givenToken(values, environment);
  if (address !== null) {
    if (token === null) throw new CommandError('usage', 'No admin token: set HEADEND_TOKEN, or name a --token-file.');
    return { apiUrl: parseAddress(address), token, hint: '' };
  }
  const running = await fromDataDir(() => readRunningPlatform(dataDir));
  if (running === null) {
    throw new CommandError(
      'unreachable',
      `No Headend runs on ${dataDir}: start it with "npm start", or name another with --api, HEADEND_API or --data-dir.`,
    );
  }
  return {
    apiUrl: parseAddress(running.apiUrl),
    token: token ?? (await localToken(dataDir)),
    hint: ` The platform on ${dataDir} seems to have ended; "npm start" starts it again.`,
  };
}

async function givenToken(values: ConnectionValues, environment: NodeJS.ProcessEnv): Promise<string | null> {
  const path = values['token-file'];
  if (path !== undefined && values.token !== undefined) {
    throw new CommandError('usage', 'Give --token or --token-file, not both.');
  }
  if (path !== undefined) return parseToken(await readToken(path), `The file ${path}`);
  if (values.token !== undefined) return parseToken(values.token, '--token');
  return environment.HEADEND_TOKEN ? parseToken(environment.HEADEND_TOKEN, 'HEADEND_TOKEN') : null;
}

async function readToken(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CommandError('usage', `--token-file can't be read: ${errorMessage(cause)}.`, { cause });
  }
}

/** A token must fit into a header (RFC 6750 section 2.1). Error messages never contain it. */
function parseToken(text: string, source: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new CommandError('usage', `${source} holds no admin token.`);
  return token;
}

function parseAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CommandError('usage', 'The address of the API must be like https://live.example.com/api.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new CommandError('usage', 'The address of the API takes neither a user name nor a query.');
  }
  if (url.protocol === 'http:' && !LOOPBACK_HOSTS.includes(url.hostname)) {
    throw new CommandError('usage', `An admin token is only sent over https to ${url.hostname}.`);
  }
  return url.href.replace(/\/+$/, '');
}

async function localToken(dataDir: string): Promise<string> {
  const state = await fromDataDir(() => readLocalState(dataDir));
  if (state === null) throw new CommandError('usage', `No admin token in ${dataDir}: set HEADEND_TOKEN.`);
  return state.adminToken;
}

async function fromDataDir<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new CommandError('usage', `${errorMessage(cause)}.`, { cause });
  }
}
