import { CommandError } from './command-error.ts';
import type { CommandOptions } from './command-options.ts';

/** The API gives no more at once. */
const PAGE_LIMIT = 100;
const DEFAULT_LIMIT = 200;
const HIGHEST_LIMIT = 10_000;

/** The option of every list. */
export const LIMIT_OPTIONS = {
  limit: {
    type: 'string',
    placeholder: 'N',
    help: `at most so many; default ${DEFAULT_LIMIT}, up to ${HIGHEST_LIMIT}`,
  },
} as const satisfies CommandOptions;

/** A page of a list, or several one behind the other. `nextCursor` is null where there is no more. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly nextCursor: string | null;
}

/** Reads the page that a query with limit and cursor asks for. */
export type ReadPage<Entry> = (query: URLSearchParams) => Promise<Page<Entry>>;

/** The number that `--limit` gives. Throws a CommandError. */
export function parseLimit(text: string = String(DEFAULT_LIMIT)): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= HIGHEST_LIMIT) return limit;
  throw new CommandError('usage', `--limit must be a whole number from 1 to ${HIGHEST_LIMIT}.`);
}

/** The first entries of a list, up to `limit` of them. */
export async function collectPages<Entry>(readPage: ReadPage<Entry>, limit = HIGHEST_LIMIT): Promise<Page<Entry>> {
  const entries: Entry[] = [];
  let nextCursor: string | null = null;
  // An empty page may have others behind it; the number of pages is bounded all the same.
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
