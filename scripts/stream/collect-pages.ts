import type { Page } from '#scripts/api/control-api-client.ts';
import type { CommandOptions } from './command.ts';
import { CommandError } from './command-error.ts';

/** The API's limit for one page. */
const PAGE_LIMIT = 100;
const DEFAULT_LIMIT = 200;
const HIGHEST_LIMIT = 10_000;

/** The option of every list command. */
export const LIMIT_OPTIONS = {
  limit: {
    type: 'string',
    placeholder: 'N',
    help: `how many to list at most: up to ${HIGHEST_LIMIT}; default ${DEFAULT_LIMIT}`,
  },
} as const satisfies CommandOptions;

/** Reads one page. The query holds `limit` and `cursor`. */
export type ReadPage<Entry> = (query: URLSearchParams) => Promise<Page<Entry>>;

/** Parses the value of `--limit`. Throws a CommandError. */
export function parseLimit(text: string = String(DEFAULT_LIMIT)): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= HIGHEST_LIMIT) return limit;
  throw new CommandError('usage', `--limit must be a whole number from 1 to ${HIGHEST_LIMIT}.`);
}

/** Reads the first `limit` entries of a list as one page. */
export async function collectPages<Entry>(readPage: ReadPage<Entry>, limit = HIGHEST_LIMIT): Promise<Page<Entry>> {
  const entries: Entry[] = [];
  let nextCursor: string | null = null;
  // An empty page may be followed by others, so the number of pages needs a bound of its own.
  for (let page = 0; page < HIGHEST_LIMIT && entries.length < limit; page += 1) {
    const query = new URLSearchParams({ limit: String(Math.min(PAGE_LIMIT, limit - entries.length)) });
    if (nextCursor !== null) query.set('cursor', nextCursor);
    const read: Page<Entry> = await readPage(query);
    entries.push(...read.entries);
    nextCursor = read.nextCursor;
    if (nextCursor === null) break;
  }
  return { entries, nextCursor };
}
