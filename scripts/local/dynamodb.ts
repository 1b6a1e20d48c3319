import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import dynalite from 'dynalite';
import type { TableNames } from '#domain/tables.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { type ListeningServer, listenOnLoopback } from './http-server.ts';
import { createMissingTables } from './local-tables.ts';

/** The folder of the data and the names of the tables. */
export interface LocalDynamoDbOptions {
  /** Created if it is missing. Only one process at a time can use it. */
  readonly directory: string;
  readonly tableNames: TableNames;
}

/** Starts a DynamoDB with all tables on a free loopback port. Rejects with a UserError if the folder can't be used. */
export async function startDynamoDb({ directory, tableNames }: LocalDynamoDbOptions): Promise<ListeningServer> {
  await mkdir(directory, { recursive: true });
  await tryToOpen(directory);
  const server = await listenOnLoopback(dynalite({ path: directory, createTableMs: 0 }));
  try {
    await createMissingTables({ dynamoDbUrl: server.url, tableNames });
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

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
