import { randomBytes } from 'node:crypto';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { newInvite, personIdOf, type SessionRecord } from '#domain/sessions.ts';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createSessionStore, type SessionStore } from '#runtime/session-store.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');
let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: SessionStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createSessionStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

function makeSession(settings: Partial<SessionRecord> = {}): SessionRecord {
  const secretHash = hashSecret(generateSecret(randomBytes));
  return {
    ...{ id: secretId(secretHash), secretHash, name: 'Ada', role: 'owner', personId: 'person-1', token: null },
    ...{ createdAt: new Date(NOW_MS).toISOString(), expiresAtMs: NOW_MS + 1_500 },
    ...settings,
  };
}
const makeInvite = () => newInvite({ name: 'Ada', role: 'producer' }, hashSecret(generateSecret(randomBytes)), NOW_MS);

test('a session is there until it is removed, and DynamoDB may delete it when it has expired', async () => {
  const session = makeSession();
  await store.put(session);
  expect(await store.get(session.id)).toEqual(session);
  const Key = { kind: 'session', id: session.id };
  const { Item } = await database.client.send(new GetCommand({ TableName: TEST_TABLES.SESSIONS_TABLE, Key }));
  expect(Item?.expiresAtSeconds).toBe(Math.ceil((NOW_MS + 1_500) / 1000));
  expect(await store.remove(session.id)).toEqual(session);
  expect(await store.remove(session.id)).toBeNull();
  expect(await store.get(session.id)).toBeNull();
});

test('the pages have every session once, of everybody or of one holder, and none that has expired', async () => {
  const token = { id: 'token-1', scope: 'streams:read', streamId: null } as const;
  const sessions = [
    ...Array.from({ length: 5 }, () => makeSession()),
    ...Array.from({ length: 4 }, () => makeSession({ personId: 'person-2' })),
    ...Array.from({ length: 3 }, () => makeSession({ personId: null, role: null, token })),
  ];
  await Promise.all([...sessions, makeSession({ expiresAtMs: NOW_MS })].map((session) => store.put(session)));
  await store.putInvite(makeInvite());
  for (const [holder, count] of [
    [null, 12],
    [{ personId: 'person-1' }, 5],
    [{ personId: 'person-2' }, 4],
    [{ tokenId: 'token-1' }, 3],
    [{ tokenId: 'token-2' }, 0],
  ] as const) {
    const listed: string[] = [];
    let afterId: string | null = null;
    do {
      const page: Awaited<ReturnType<SessionStore['list']>> = await store.list({
        ...{ limit: 2, afterId, nowMs: NOW_MS, holder },
      });
      listed.push(...page.records.map(({ id }) => id));
      afterId = page.lastId;
    } while (afterId !== null);
    expect([holder, new Set(listed).size, listed.length]).toEqual([holder, count, count]);
  }
});

test('of several sessions, one has an invitation, and it has it again if it asks again', async () => {
  const invite = makeInvite();
  await store.putInvite(invite);
  const use = (sessionId: string) => store.useInvite({ ...invite, sessionId, nowMs: NOW_MS });
  const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map(use));
  expect(outcomes.filter((outcome) => outcome !== null)).toEqual([invite]);
  const winner = ['a', 'b', 'c', 'd'][outcomes.findIndex((outcome) => outcome !== null)] ?? '';
  expect(await use(winner)).toEqual(invite);
  expect((await store.listInvites({ limit: 9, afterId: null, nowMs: NOW_MS })).records).toEqual([]);
});

test('nobody has an invitation that has expired, was removed, is not there, or has another secret', async () => {
  const [late, removed, other] = [makeInvite(), makeInvite(), makeInvite()];
  for (const invite of [late, removed, other]) await store.putInvite(invite);
  expect(await store.removeInvite(removed.id)).toEqual(removed);
  const use = (invite: { id: string; secretHash: string }, nowMs = NOW_MS) =>
    store.useInvite({ ...invite, sessionId: 'a', nowMs });
  expect(await use(late, late.expiresAtMs)).toBeNull();
  expect(await use(removed)).toBeNull();
  expect(await use(makeInvite())).toBeNull();
  expect(await use({ ...other, secretHash: hashSecret('another') })).toBeNull();
  expect(await store.removeInvite(removed.id)).toBeNull();
  expect((await store.listInvites({ limit: 1, afterId: null, nowMs: NOW_MS })).records).toHaveLength(1);
});

test.each([
  ['Ada', ' ada ', true],
  ['ÄDA', 'äda', true],
  ['A\u0308da', '\u00c4da', true],
  ['Ada', 'Adah', false],
  ['Ada L', 'AdaL', false],
])('%j and %j are one person: %s', (a, b, isSame) => {
  expect(personIdOf(a) === personIdOf(b)).toBe(isSame);
});
