import { randomBytes } from 'node:crypto';
import { ROLE_NAMES, type RoleName } from '#domain/roles.ts';
import { generateId, generatePlaybackId } from '#domain/stream-ids.ts';
import { makeStreamRecord, makeTrace } from '#kit/stream-record.ts';
import { makeTaskHeartbeat } from '#kit/task-record.ts';
import { invite, StudioSession, signIn } from '#test/support/studio-session.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

/**
 * What each role gets from each route: owner, producer, broadcaster with a stream of her own, moderator. A new route must be added here.
 * 403 and 404 stand for a refusal, and for nothing else: everything that routes look for is there.
 */
const ANSWERS: Readonly<Record<string, readonly [number, number, number, number]>> = {
  'get /api/health': [200, 200, 200, 200],
  'get /api/streams': [200, 200, 200, 200],
  'post /api/streams': [201, 201, 201, 403],
  'get /api/streams/{id}': [200, 200, 200, 200],
  'patch /api/streams/{id}': [200, 200, 200, 403],
  'delete /api/streams/{id}': [204, 204, 204, 403],
  'post /api/streams/{id}/key': [200, 200, 200, 403],
  'post /api/streams/{id}/backup-key': [200, 200, 200, 403],
  'delete /api/streams/{id}/backup-key': [204, 204, 204, 403],
  'get /api/streams/{id}/slate-image': [200, 200, 200, 200],
  // The request has no picture.
  'put /api/streams/{id}/slate-image': [415, 415, 415, 403],
  'delete /api/streams/{id}/slate-image': [204, 204, 204, 403],
  'get /api/streams/{id}/trace': [200, 200, 200, 200],
  'post /api/streams/{id}/stop': [202, 202, 202, 202],
  'post /api/streams/{id}/purge': [202, 202, 202, 202],
  'get /api/streams/{id}/purges/{purgeId}': [200, 200, 200, 200],
  'post /api/streams/{id}/viewer-tokens': [201, 201, 201, 403],
  'get /api/streams/{id}/events': [200, 200, 200, 200],
  'post /api/streams/{id}/preview-tokens': [201, 201, 201, 201],
  'post /api/streams/{id}/golive': [202, 202, 202, 403],
  'get /api/tasks': [200, 403, 403, 403],
  'post /api/tasks/{id}/drain': [202, 403, 403, 403],
  'get /api/tokens': [200, 403, 403, 403],
  'post /api/tokens': [201, 403, 403, 403],
  'delete /api/tokens/{id}': [204, 403, 403, 403],
  'post /api/sessions': [201, 201, 201, 201],
  'get /api/sign-in': [200, 200, 200, 200],
  // There is no OpenID Connect provider.
  'get /api/sign-in/oidc': [404, 404, 404, 404],
  'get /api/sign-in/oidc/callback': [404, 404, 404, 404],
  'get /api/sessions': [200, 200, 200, 200],
  'get /api/sessions/current': [200, 200, 200, 200],
  // A session of her own.
  'delete /api/sessions/{id}': [204, 204, 204, 204],
  'get /api/invites': [200, 403, 403, 403],
  'post /api/invites': [201, 403, 403, 403],
  'delete /api/invites/{id}': [204, 403, 403, 403],
  'get /api/audit': [200, 403, 403, 403],
};
const ROLE_ORDER: readonly RoleName[] = ['owner', 'producer', 'broadcaster', 'moderator'];
const ROUTES = Object.keys(ANSWERS);
const STREAM_ROUTES = ROUTES.filter((name) => name.includes('/streams/{id}'));
/** Asking for one of these does not change what the others find. */
const BODIES: Readonly<Record<string, () => unknown>> = {
  'post /api/streams': () => ({ title: 'a' }),
  'patch /api/streams/{id}': () => ({ title: 'a' }),
  'post /api/tokens': () => ({ name: 'a' }),
  'post /api/invites': () => ({ name: 'a', role: 'owner' }),
};
const UNLIMITED = { perSecond: 1_000_000, capacity: 1_000_000 };
const STRANGERS = { perNetwork: UNLIMITED, together: UNLIMITED };

let api: ApiWithDatabase;
let sessions: Readonly<Record<RoleName, StudioSession>>;

beforeAll(async () => {
  const callerRates = { perToken: UNLIMITED, anonymous: STRANGERS, unknownTokens: STRANGERS };
  api = await startApiWithDatabase(Date.now, { callerRates });
  const all = await Promise.all(ROLE_NAMES.map(async (role) => [role, await StudioSession.invited(api, role, role)]));
  sessions = Object.fromEntries(all);
});
afterAll(() => api.close());

/** A stream with everything that routes look for. */
async function createStream(ownerId: string | null) {
  const { streams, slateImages, traces, dependencies } = api;
  const stream = makeStreamRecord({
    playback: 'token',
    playbackId: generatePlaybackId('token', randomBytes),
    owner: ownerId === null ? null : { id: ownerId, name: 'a' },
    slateImage: { type: 'image/png', width: 1, height: 1, bytes: 1, sha256: 'a' },
  });
  const { id } = stream;
  const purgeId = generateId(randomBytes);
  await Promise.all([
    streams.create(stream),
    slateImages.put({ streamId: id, version: 1 }, { type: 'image/png', data: Buffer.from('a') }),
    traces.put({ trace: makeTrace({ streamId: id, recordedAt: new Date().toISOString() }), requestedAtMs: null }),
    dependencies.purges.put({
      ...{ purgeId, streamId: id, ownerId, playbackIds: [], requestedAt: new Date().toISOString() },
      ...{ invalidation: null, completedAt: new Date().toISOString() },
    }),
  ]);
  return { id, purgeId };
}

/** The path of a route with ids of what there is for it. */
async function pathFor(route: string, role: RoleName, ownerId: string | null): Promise<string> {
  const [, template = ''] = route.split(' ');
  if (route.includes('/streams/{id}')) {
    const { id, purgeId } = await createStream(ownerId);
    return template.replace('{id}', id).replace('{purgeId}', purgeId);
  }
  return template.replace('{id}', await otherId(route, role));
}

async function otherId(route: string, role: RoleName): Promise<string> {
  if (!route.includes('{id}')) return '';
  if (route.includes('/tokens/')) return (await api.call('POST', '/api/tokens', { body: { name: 'a' } })).json.id;
  if (route.includes('/invites/'))
    return (await api.call('POST', '/api/invites', { body: { name: 'a', role: 'owner' } })).json.id;
  if (route.includes('/sessions/')) return (await StudioSession.invited(api, role, role)).id;
  const taskId = generateId(randomBytes);
  await api.tasks.heartbeat(makeTaskHeartbeat({ taskId }));
  return taskId;
}

async function ask(route: string, role: RoleName, ownerId: string | null) {
  const path = await pathFor(route, role, ownerId);
  const [method = ''] = route.split(' ');
  if (route === 'post /api/sessions') {
    const answer = await signIn(api, { invite: await invite(api, role, role) });
    return { status: answer.status, json: await answer.json() };
  }
  return sessions[role].call(method.toUpperCase(), path, BODIES[route]?.());
}

async function declaredRoles(): Promise<Readonly<Record<string, unknown>>> {
  const { paths } = (await api.call('GET', '/api/openapi.json')).json;
  const items: [string, Record<string, Record<string, unknown>>][] = Object.entries(paths);
  return Object.fromEntries(
    items.flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation['x-roles']]),
    ),
  );
}

test('the document has these routes, and says which roles may call them', async () => {
  const expected = ROUTES.map((route) => {
    const isPublic = ['get /api/health', 'post /api/sessions'].includes(route) || route.includes('/sign-in');
    return [route, isPublic ? undefined : ROLE_ORDER.filter((_role, index) => ANSWERS[route]?.[index] !== 403)];
  });
  expect(await declaredRoles()).toEqual(Object.fromEntries(expected));
});

test.each(ROLE_ORDER.map((role, index) => ({ role, index })))(
  'a $role gets what the role allows',
  async ({ role, index }) => {
    const answers = await Promise.all(
      ROUTES.map(async (route) => [route, (await ask(route, role, sessions[role].personId)).status]),
    );
    expect(Object.fromEntries(answers)).toEqual(
      Object.fromEntries(ROUTES.map((route) => [route, ANSWERS[route]?.[index]])),
    );
  },
);

test.each(["somebody else's", "nobody's"])('for a broadcaster, %s stream does not exist', async (whose) => {
  const ownerId = whose === "nobody's" ? null : sessions.producer.personId;
  for (const route of STREAM_ROUTES) {
    const { status, json } = await ask(route, 'broadcaster', ownerId);
    expect([route, status, json?.detail]).toEqual([route, 404, 'There is no stream with this id.']);
  }
});

test.each(['producer', 'moderator', 'owner'] as const)("a %s sees nobody's streams, and others'", async (role) => {
  for (const ownerId of [null, sessions.broadcaster.personId])
    expect((await ask('get /api/streams/{id}', role, ownerId)).status).toBe(200);
});

test('a broadcaster lists and owns what she creates, also from another session', async () => {
  const [first, second] = [
    await StudioSession.invited(api, 'Grace', 'broadcaster'),
    await StudioSession.invited(api, ' gRACE ', 'broadcaster'),
  ];
  const created = await first.call('POST', '/api/streams', { title: 'Hers' });
  expect(created.json.owner).toEqual({ id: first.personId, name: 'Grace' });
  expect((await first.call('PATCH', `/api/streams/${created.json.id}`, { title: 'Still hers' })).json.owner).toEqual(
    created.json.owner,
  );
  for (const session of [first, second]) {
    const { json } = await session.call('GET', '/api/streams?limit=1');
    expect([json.streams.map(({ id }: { id: string }) => id), json.nextCursor]).toEqual([[created.json.id], null]);
  }
  const deleted = await second.call('DELETE', `/api/streams/${created.json.id}`);
  expect((await second.call('GET', deleted.headers.get('Location') ?? '')).status).toBe(200);
  expect((await sessions.broadcaster.call('GET', deleted.headers.get('Location') ?? '')).status).toBe(404);
});
