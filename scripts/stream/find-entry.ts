import { ID_PATTERN } from '#domain/stream-ids.ts';
import { collectPages, type ReadPage } from './collect-pages.ts';
import { CommandError } from './command-error.ts';

/** Fewer characters would make a slip of the finger another stream. */
const SHORTEST_PREFIX = 4;
/** So many of the ids that fit are shown. */
const SHOWN_IDS = 5;

/** What a person calls an entry, and where its name is. */
export interface EntryKind<Entry> {
  readonly noun: string;
  readonly nameOf: (entry: Entry) => string;
}

/**
 * The id that a person means: a whole id as it is, else that of the only entry with this name or this beginning of its
 * id. Throws a CommandError where none or several fit.
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
  const fitting = entries.filter(
    (entry) => nameOf(entry) === reference || (isPrefix && entry.id.startsWith(reference)),
  );
  const [entry] = fitting;
  if (entry === undefined) throw new CommandError('refused', `There is no ${noun} "${reference}".`);
  if (fitting.length > 1) {
    const ids = fitting.slice(0, SHOWN_IDS).map(({ id }) => id);
    throw new CommandError('usage', `"${reference}" fits ${fitting.length}, as ${ids.join(', ')}: give the id of one.`);
  }
  return entry.id;
}
