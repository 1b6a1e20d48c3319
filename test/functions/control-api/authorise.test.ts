import { TOKEN_SCOPES, type TokenScope } from '#domain/admin-tokens.ts';
import { authorise, type OwnerLookup, rolesFor } from '#functions/control-api/authorise.ts';
import type { Caller, Reach } from '#functions/control-api/caller.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';

const ADA = { id: 'adaadaadaadaadaa', name: 'Ada' };
const owned = makeStreamRecord({ owner: ADA });
const others = makeStreamRecord({ owner: { id: 'bobbobbobbobbobb', name: 'Bob' } });
const nobodys = makeStreamRecord();
const PURGE_ID = 'aaaaaaaaaaaaaaaa';
const purgeOf = (streamId: string, ownerId: string | null) => ({
  ...{ purgeId: PURGE_ID, streamId, ownerId, playbackIds: [], requestedAt: '2025-01-02T03:04:05.678Z' },
  ...{ invalidation: null, completedAt: null },
});

/** The status that a caller's request ends with, or null if it may go on. `lookup` has the three streams, unless said otherwise. */
async function refusalOf(
  { scope = 'streams:write', reach = { kind: 'all' } }: { scope?: TokenScope; reach?: Reach },
  [route, needed, path = route.slice(route.indexOf('/'))]: [string, TokenScope, string?],
  lookup: Partial<OwnerLookup> = {},
): Promise<number | null> {
  const caller: Caller = {
    id: 'a',
    name: 'a',
    scope,
    reach,
    person: reach.kind === 'person' ? ADA : null,
    session: null,
  };
  const streams = { get: async (id: string) => [owned, others, nobodys].find((stream) => stream.id === id) ?? null };
  const purges = { get: async () => null };
  try {
    await authorise(caller, { route, scope: needed, path }, { streams, purges, ...lookup });
    return null;
  } catch (error) {
    return (error as { problem: { status: number } }).problem.status;
  }
}

const person: Reach = { kind: 'person', personId: ADA.id };
const STREAM = 'GET /api/streams/:id';

test.each(TOKEN_SCOPES.map((scope, index) => ({ scope, index })))(
  '$scope includes the scopes after it only',
  async ({ scope, index }) => {
    for (const [other, needed] of TOKEN_SCOPES.entries())
      expect([needed, await refusalOf({ scope }, ['GET /api/tasks', needed])]).toEqual([
        needed,
        other >= index ? null : 403,
      ]);
  },
);

test('other streams than their own do not exist for a person', async () => {
  const ask = (id: string, route = STREAM) =>
    refusalOf({ reach: person }, [route, 'streams:read', `/api/streams/${id}`]);
  expect(await ask(owned.id)).toBeNull();
  for (const id of [others.id, nobodys.id, 'aaaaaaaaaaaaaaaa', 'backend-channel_1', `${owned.id}%20`])
    expect([id, await ask(id)]).toEqual([id, 404]);
});

test('a person may list and create streams, and do nothing else that is not about one', async () => {
  expect(await refusalOf({ reach: person }, ['GET /api/streams', 'streams:read'])).toBeNull();
  expect(await refusalOf({ reach: person }, ['POST /api/streams', 'streams:write'])).toBeNull();
  expect(await refusalOf({ reach: person }, ['GET /api/tasks', 'streams:read'])).toBe(403);
});

test('the status of a purge is there for its owner when the stream is gone', async () => {
  const route = 'GET /api/streams/:id/purges/:purgeId';
  const ask = (ownerId: string | null, path = `/api/streams/bbbbbbbbbbbbbbbb/purges/${PURGE_ID}`) =>
    refusalOf({ reach: person }, [route, 'streams:read', path], {
      purges: { get: async () => purgeOf('bbbbbbbbbbbbbbbb', ownerId) },
    });
  expect(await ask(ADA.id)).toBeNull();
  expect(await ask('bobbobbobbobbobb')).toBe(404);
  expect(await ask(null)).toBe(404);
  expect(await ask(ADA.id, `/api/streams/cccccccccccccccc/purges/${PURGE_ID}`)).toBe(404);
  expect(await ask(ADA.id, `/api/streams/${others.id}/purges/${PURGE_ID}`)).toBe(404);
});

test('the roles of a route are those with its scope, for the streams that they see', () => {
  expect(rolesFor(STREAM, 'streams:read')).toEqual(['owner', 'producer', 'broadcaster', 'moderator']);
  expect(rolesFor('POST /api/streams/:id/stop', 'streams:end')).toEqual([
    'owner',
    'producer',
    'broadcaster',
    'moderator',
  ]);
  expect(rolesFor('POST /api/streams', 'streams:write')).toEqual(['owner', 'producer', 'broadcaster']);
  expect(rolesFor('GET /api/tokens', 'admin')).toEqual(['owner']);
  expect(rolesFor('GET /api/other', 'streams:read')).toEqual(['owner', 'producer', 'moderator']);
});
