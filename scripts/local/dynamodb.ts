import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import dynalite from 'dynalite';
import type { TableNames } from '#domain/tables.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { type ListeningServer, listenOnLoopback } from './http-server.ts';
import { createMissingTables } from './local-tables.ts';

/** Where the data are and how the tables are called. */
export interface LocalDynamoDbOptions {
  /** Made where it is missing; one process at a time. */
  readonly directory: string;
  readonly tableNames: TableNames;
}

/** A DynamoDB on a free loopback port with all tables. Rejects with one line where the folder can't be used. */
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

/** dynalite opens its folder late and takes the process down where that fails, so its LevelDB is asked beforehand. */
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
