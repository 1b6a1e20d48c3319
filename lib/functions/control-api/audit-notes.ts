import type { Context } from 'hono';
import type { AdminTokenRecord } from '#domain/admin-tokens.ts';
import type { ChangedFields } from '#domain/events.ts';
import type { InviteRecord, SessionRecord } from '#domain/sessions.ts';
import type { StreamRecord } from '#domain/streams.ts';

/** What a route changed. Null on both sides if there are no settings to compare. */
export interface NotedChange {
  /** Only if the path does not name the stream. */
  readonly streamId?: string;
  readonly before: ChangedFields | null;
  readonly after: ChangedFields | null;
}

/** Notes for the audit trail what a request changes. */
export const noteChange = (context: Context, change: NotedChange): void => context.set('notedChange', change);

/** Notes for the audit trail that a request changes nothing: it repeats another one, or asks for what is there already. */
export const noteRepeat = (context: Context): void => context.set('isRepeat', true);

/** A stream as the audit trail shows it, without the hashes of its keys. */
export const streamFields = ({ keyHash: _secret, backup, ...fields }: StreamRecord): ChangedFields =>
  backup ? { ...fields, backup: { failoverMs: backup.failoverMs } } : fields;

/** A token as the audit trail shows it, without its hash. */
export const tokenFields = ({ tokenHash: _secret, ...fields }: AdminTokenRecord): ChangedFields => fields;

/** A session as the audit trail shows it, without its hash. */
export const sessionFields = ({ secretHash: _secret, ...fields }: SessionRecord): ChangedFields => ({ ...fields });

/** An invitation as the audit trail shows it, without its hash. */
export const inviteFields = ({ secretHash: _secret, ...fields }: InviteRecord): ChangedFields => ({ ...fields });

/** Leaves out the fields that are the same before and after. */
export function onlyDifferences({ before, after }: NotedChange): Pick<NotedChange, 'before' | 'after'> {
  if (before === null || after === null) return { before, after };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const pick = (fields: ChangedFields): ChangedFields =>
    Object.fromEntries(changed.map((name) => [name, fields[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}
