import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { InviteRecord, SessionRecord } from '#domain/sessions.ts';
import type { TableNames } from '#domain/tables.ts';
import { putIf, updateIf } from './conditional-writes.ts';

/** One page of a list. `limit` is at least 1. `afterId` is the `lastId` of the page before, and null for the first. */
interface PageQuery {
  readonly limit: number;
  readonly afterId: string | null;
  /** Milliseconds since 1970. What has expired by then is not listed. */
  readonly nowMs: number;
}

/** The order means nothing but is always the same. `lastId` is null on the last page. */
interface RecordPage<Listed> {
  readonly records: readonly Listed[];
  readonly lastId: string | null;
}

/** Whose sessions are listed: those of a person, or those that a token signed in. */
export type SessionHolder = { readonly personId: string } | { readonly tokenId: string };

/** Sessions, and the invitations to them, in DynamoDB. Reads are strongly consistent. Every method rejects with the SDK's error. */
export interface SessionStore {
  put(session: SessionRecord): Promise<void>;
  /** It may have expired. */
  get(sessionId: string): Promise<SessionRecord | null>;
  /** A `holder` of null stands for everybody. */
  list(page: PageQuery & { readonly holder: SessionHolder | null }): Promise<RecordPage<SessionRecord>>;
  /** Resolves to what was removed. */
  remove(sessionId: string): Promise<SessionRecord | null>;

  /** Changes nothing if it is stored already. */
  putInvite(invite: InviteRecord): Promise<void>;
  /** Those that were not used. */
  listInvites(page: PageQuery): Promise<RecordPage<InviteRecord>>;
  /** Uses an invitation up for a session. Null if there is none with this hash, or it has expired, or another session has it. */
  useInvite(use: InviteUse): Promise<InviteRecord | null>;
  /** Resolves to what was removed. */
  removeInvite(inviteId: string): Promise<InviteRecord | null>;
}

interface InviteUse extends Pick<InviteRecord, 'id' | 'secretHash'> {
  readonly sessionId: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

type Kind = 'session' | 'invite';

/** What the store needs: a client and the name of its table. */
export interface SessionStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'SESSIONS_TABLE'>;
}

/** A condition on items of the list, beside that they have not expired. */
interface ListFilter {
  readonly expression: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

export function createSessionStore({ client, tables }: SessionStoreOptions): SessionStore {
  const TableName = tables.SESSIONS_TABLE;

  /** Nothing is ever replaced: what is stored already may have been used since. */
  async function put(kind: Kind, record: SessionRecord | InviteRecord): Promise<void> {
    const Item = { ...record, kind, expiresAtSeconds: Math.ceil(record.expiresAtMs / 1000) };
    await putIf(client, { TableName, Item, ConditionExpression: 'attribute_not_exists(id)' });
  }

  async function remove<Removed>(kind: Kind, id: string): Promise<Removed | null> {
    const deletion = new DeleteCommand({ TableName, Key: { kind, id }, ReturnValues: 'ALL_OLD' });
    return toRecord((await client.send(deletion)).Attributes);
  }

  /** Reads up to a megabyte, because a limit would count what the filter leaves out. */
  async function list<Listed extends { readonly id: string }>(
    kind: Kind,
    { limit, afterId, nowMs }: PageQuery,
    filter: ListFilter | null,
  ): Promise<RecordPage<Listed>> {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName,
        ConsistentRead: true,
        KeyConditionExpression: '#kind = :kind',
        FilterExpression: ['#expiresAtMs > :now', ...(filter === null ? [] : [filter.expression])].join(' AND '),
        ExpressionAttributeNames: { '#kind': 'kind', '#expiresAtMs': 'expiresAtMs', ...filter?.names },
        ExpressionAttributeValues: { ':kind': kind, ':now': nowMs, ...filter?.values },
        ...(afterId === null ? {} : { ExclusiveStartKey: { kind, id: afterId } }),
      }),
    );
    const records = Items.slice(0, limit).map((item) => toRecord<Listed>(item) as Listed);
    const lastId = records.length < Items.length ? records.at(-1)?.id : LastEvaluatedKey?.id;
    return { records, lastId: (lastId as string | undefined) ?? null };
  }

  return {
    put: (session) => put('session', session),
    get: async (id) => {
      const request = new GetCommand({ TableName, Key: { kind: 'session', id }, ConsistentRead: true });
      return toRecord((await client.send(request)).Item);
    },
    list: ({ holder, ...page }) => list('session', page, holder && heldBy(holder)),
    remove: (id) => remove('session', id),
    putInvite: (invite) => put('invite', invite),
    listInvites: (page) => list('invite', page, UNUSED),
    useInvite: async ({ id, secretHash, sessionId, nowMs }) => {
      const used = await updateIf(client, {
        TableName,
        Key: { kind: 'invite', id },
        UpdateExpression: 'SET sessionId = :session',
        // The SDK repeats a call whose answer was lost. The session that has it gets it again.
        ConditionExpression:
          'secretHash = :hash AND expiresAtMs > :now AND (attribute_not_exists(sessionId) OR sessionId = :session)',
        ExpressionAttributeValues: { ':session': sessionId, ':hash': secretHash, ':now': nowMs },
        ReturnValues: 'ALL_NEW',
      });
      return toRecord(used ?? undefined);
    },
    removeInvite: (id) => remove('invite', id),
  };
}

const UNUSED: ListFilter = {
  expression: 'attribute_not_exists(#sessionId)',
  names: { '#sessionId': 'sessionId' },
};

function heldBy(holder: SessionHolder): ListFilter {
  if ('personId' in holder) {
    return {
      expression: '#personId = :holder',
      names: { '#personId': 'personId' },
      values: { ':holder': holder.personId },
    };
  }
  return {
    expression: '#token.#id = :holder',
    names: { '#token': 'token', '#id': 'id' },
    values: { ':holder': holder.tokenId },
  };
}

/** An item without what only the table needs. */
function toRecord<Stored>(item: Record<string, unknown> | undefined): Stored | null {
  if (item === undefined) return null;
  const { kind: _kind, expiresAtSeconds: _expiry, sessionId: _use, ...record } = item;
  return record as Stored;
}
