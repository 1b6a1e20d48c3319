import { mkdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import type { Logger } from 'pino';
import type { TableNames } from '#domain/tables.ts';
import { createLogger } from '#runtime/log.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { type AwsEndpointAddress, startAwsEndpoint } from './aws-endpoint.ts';
import { type ListeningServer, LOOPBACK } from './http-server.ts';
import { createMissingTables } from './local-tables.ts';

/** The folder of the data, and the address. */
export interface LocalDynamoDbOptions {
  /** Created if it is missing. Only one process at a time can use it. */
  readonly directory: string;
  /** @default any free port of 127.0.0.1 */
  readonly address?: AwsEndpointAddress;
  /** @default standard error */
  readonly log?: Pick<Logger, 'warn'>;
}

/** DynamoDB's limit of a request, which dynalite has too. */
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;
const LOG = createLogger({ service: 'dynamodb', level: 'warn' });

/** Starts a DynamoDB with all tables. Rejects with a UserError if the folder or the port can't be used. */
export async function startDynamoDb(
  options: LocalDynamoDbOptions & { readonly tableNames: TableNames },
): Promise<ListeningServer> {
  const { directory, tableNames } = options;
  const server = await openDynamoDb(options);
  try {
    await createMissingTables({ directory, dynamoDbUrl: server.url, tableNames });
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Starts a DynamoDB with the tables that its folder has. Rejects with a UserError if the folder or the port can't be used. */
export async function openDynamoDb(options: LocalDynamoDbOptions): Promise<ListeningServer> {
  await mkdir(options.directory, { recursive: true });
  await tryToOpen(options.directory);
  return startDynalite(options);
}

/** dynalite checks no signature, answers pages of any site, and ends the process if a client leaves in mid-request. */
function startDynalite({ directory, address = LOOPBACK, log = LOG }: LocalDynamoDbOptions): Promise<ListeningServer> {
  const server = dynalite({ path: directory, createTableMs: 0 });
  const [serve] = server.listeners('request');
  return startAwsEndpoint({
    ...{ service: 'dynamodb', address, bodyLimitBytes: BODY_LIMIT_BYTES, log, server },
    answer: async ({ head, body }, response) => {
      if (body === null) response.writeHead(413).end();
      else serve?.(replay(head, body), response);
    },
  });
}

/** A request whose body can be read again, as far as dynalite looks at it. */
const replay = ({ method, url, headers }: IncomingMessage, body: Buffer): Readable =>
  Object.assign(Readable.from(body.length === 0 ? [] : [body]), { method, url, headers });

/** dynalite opens its folder late and ends the process if that fails. This opens its LevelDB first to find out. */
async function tryToOpen(directory: string): Promise<void> {
  const requireAsDynalite = createRequire(createRequire(import.meta.url).resolve('dynalite'));
  const { Level } = requireAsDynalite('level') as { readonly Level: new (path: string) => LevelDatabase };
  const database = new Level(directory);
  try {
    await database.open();
  } catch (cause) {
    throw new UserError(`The database in ${directory} can't be opened; is another Headend using it?`, { cause });
  }
  await database.close();
}

interface LevelDatabase {
  open(): Promise<void>;
  close(): Promise<void>;
}
