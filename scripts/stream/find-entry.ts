import { ID_PATTERN } from '#domain/stream-ids.ts';
import type { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { collectPages, type ReadPage } from './collect-pages.ts';
import { CommandError } from './command-error.ts';

/** With fewer characters, a typing mistake could select another stream. */
const SHORTEST_PREFIX = 4;
/** How many matching ids an error message lists. */
const SHOWN_IDS = 5;

/** What an entry is called in messages, and where its name is. */
export interface EntryKind<Entry> {
  readonly noun: string;
  readonly nameOf: (entry: Entry) => string;
}

/** Finds the id of a stream by its id, the beginning of its id, or its title. Throws a CommandError. */
export const findStreamId = (api: ControlApiClient, reference: string): Promise<string> =>
  findId(reference, (query) => api.listStreams(query), { noun: 'stream', nameOf: ({ title }) => title });

/** Finds the id of an admin token by its id, the beginning of its id, or its name. Throws a CommandError. */
export const findTokenId = (api: ControlApiClient, reference: string): Promise<string> =>
  findId(reference, (query) => api.listAdminTokens(query), { noun: 'token', nameOf: ({ name }) => name });

/** The same for an invitation that was not used, by the name of its person. */
export const findInviteId = (api: ControlApiClient, reference: string): Promise<string> =>
  findId(reference, (query) => api.listInvites(query), { noun: 'invitation', nameOf: ({ name }) => name });

/** The same for a session, by the name of its person. */
export const findSessionId = (api: ControlApiClient, reference: string): Promise<string> =>
  findId(reference, (query) => api.listSessions(query), { noun: 'session', nameOf: ({ name }) => name });

/**
 * Finds the id of the entry that a person means. A whole id is returned as it is. Otherwise exactly one entry must have
 * the reference as its name or as the beginning of its id; if none or several do, throws a CommandError.
 */
export async function findId<Entry extends { readonly id: string }>(
  reference: string,
  readPage: ReadPage<Entry>,
  { noun, nameOf }: EntryKind<Entry>,
): Promise<string> {
  if (ID_PATTERN.test(reference)) return reference;
  const { entries, nextCursor } = await collectPages(readPage);
  if (nextCursor !== null) {
    throw new CommandError('usage', `There are too many to look through: give the ${noun}'s whole id.`);
  }
  const isPrefix = reference.length >= SHORTEST_PREFIX;
  const matching = entries.filter(
    (entry) => nameOf(entry) === reference || (isPrefix && entry.id.startsWith(reference)),
  );
  const [entry] = matching;
  if (entry === undefined) throw new CommandError('refused', `There is no ${noun} "${reference}".`);
  if (matching.length > 1) {
    const ids = matching.slice(0, SHOWN_IDS).map(({ id }) => id);
    throw new CommandError(
      'usage',
      `"${reference}" matches ${matching.length}, such as ${ids.join(', ')}: give the id of one.`,
    );
  }
  return entry.id;
}
