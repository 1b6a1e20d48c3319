import type { AuditEntryBody } from '#scripts/api/control-api-client.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';
import { collectPages, LIMIT_OPTIONS, parseLimit } from '../collect-pages.ts';
import { type Command, defineCommand } from '../command.ts';

/** The JSON is one object like the API's, with all changes up to the limit. */
const listChanges = defineCommand({
  name: 'audit',
  summary: 'List who changed what, the newest first',
  notes: ['The changes of the last 90 days. Viewer tokens and what was refused are in the log only.'],
  operand: null,
  options: LIMIT_OPTIONS,
  async run({ values }, { api, print, note }) {
    const limit = parseLimit(values.limit);
    const { entries, nextCursor } = await collectPages((query) => api.listChanges(query), limit);
    print({ entries, nextCursor }, () => auditText(entries));
    if (nextCursor !== null) note('There are more: raise --limit.');
  },
});

function auditText(entries: readonly AuditEntryBody[]): string {
  if (entries.length === 0) return 'There are no changes.';
  return formatTable([
    ['TIME', 'WHO', 'FROM', 'STATUS', 'WHAT', 'CHANGE'],
    ...entries.map((entry) => {
      const { time, tokenName, tokenId, sourceAddress, status, action, path } = entry;
      const [method = ''] = action.split(' ', 1);
      return [time, `${tokenName} (${tokenId})`, sourceAddress, String(status), `${method} ${path}`, changeText(entry)];
    }),
  ]);
}

/** What differs, as in `title "Old" -> "New"`. */
function changeText({ before, after }: AuditEntryBody): string {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names
    .filter((name) => !UNSAID_FIELDS.includes(name))
    .map((name) => [name, ...[before, after].flatMap((fields) => (fields === null ? [] : [valueText(fields[name])]))])
    .map(([name, ...values]) => `${name} ${values.join(' -> ')}`)
    .join(', ');
}

/** They change with everything else, or are in another column. */
const UNSAID_FIELDS = ['id', 'version', 'createdAt', 'updatedAt', 'deletedAt', 'lastUsedAtMs'];

const valueText = (value: unknown): string => JSON.stringify(value ?? null);

/** The commands for the audit trail, in the order of the help. */
export const AUDIT_COMMANDS: readonly Command[] = [listChanges];
