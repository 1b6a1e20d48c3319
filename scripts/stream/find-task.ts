import type { TaskBody } from '#functions/control-api/task-schemas.ts';
import { CommandError } from './command-error.ts';

/** How many ids an error message lists. */
const SHOWN_IDS = 5;

/**
 * Finds the id of the running task that a person means: by the whole id, by the part before the first hyphen, which is
 * a task's number on a laptop, or by the beginning of an id. Lost tasks do not count, because they may have a successor
 * with the same number. If none or several match, throws a CommandError that names the candidates.
 */
export function findTaskId(reference: string, tasks: readonly TaskBody[]): string {
  const ids = tasks.filter(({ state }) => state !== 'lost').map(({ id }) => id);
  const [id, ...others] = matchesOf(reference, ids);
  if (id === undefined) {
    throw new CommandError('refused', `There is no running task "${reference}". ${candidates(ids)}`);
  }
  if (others.length > 0) {
    const count = others.length + 1;
    throw new CommandError('usage', `"${reference}" matches ${count} tasks. ${candidates([id, ...others])}`);
  }
  return id;
}

/** Those of the first rule by which any id matches. */
function matchesOf(reference: string, ids: readonly string[]): readonly string[] {
  if (reference === '') return [];
  const exact = ids.filter((id) => id === reference);
  if (exact.length > 0) return exact;
  const numbered = ids.filter((id) => id.startsWith(`${reference}-`) && !reference.includes('-'));
  return numbered.length > 0 ? numbered : ids.filter((id) => id.startsWith(reference));
}

function candidates(ids: readonly string[]): string {
  if (ids.length === 0) return 'No task is running.';
  const shown = ids.slice(0, SHOWN_IDS).join(', ');
  return `Name one of ${shown}${ids.length > SHOWN_IDS ? ', ...' : ''}.`;
}
