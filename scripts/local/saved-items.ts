import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item as DynamoDB's API has it. No table has binary values, which JSON would not keep. */
export type TableItem = Record<string, AttributeValue>;

/** A table's items in a file beside the database's own, while the table is made anew. */
export class SavedItems {
  readonly #directory: string;
  readonly #path: string;

  constructor(directory: string, tableName: string) {
    this.#directory = directory;
    this.#path = join(directory, `${tableName}.items.json`);
  }

  /** Null if none are saved. */
  async read(): Promise<TableItem[] | null> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as TableItem[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new Error(`${this.#path} has the items of a table, but can't be read`, { cause: error });
    }
  }

  /** Resolves when the items are on the disk, all of them. */
  async write(items: readonly TableItem[]): Promise<void> {
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(items));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
    const directory = await open(this.#directory);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  remove(): Promise<void> {
    return rm(this.#path, { force: true });
  }
}
