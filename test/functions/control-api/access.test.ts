import { createRoute } from '@hono/zod-openapi';
import { includesScope, TOKEN_SCOPES, type TokenScope } from '#domain/admin-tokens.ts';
import { createApp } from '#functions/control-api/app.ts';
import { readRouteAccess } from '#functions/control-api/route-access.ts';
import { makeTaskHeartbeat } from '#kit/task-record.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

/** What each route needs. A new route must be added here. */
const SCOPES: Readonly<Record<string, TokenScope>> = {
  'get /api/streams': 'streams:read',
  'get /api/streams/{id}': 'streams:read',
  'get /api/streams/{id}/purges/{purgeId}': 'streams:read',
  'get /api/streams/{id}/slate-image': 'streams:read',
  'get /api/streams/{id}/trace': 'streams:read',
  'get /api/streams/{id}/events': 'streams:read',
  'post /api/streams/{id}/preview-tokens': 'streams:read',
  'post /api/streams': 'streams:write',
  'patch /api/streams/{id}': 'streams:write',
  'delete /api/streams/{id}': 'streams:write',
  'post /api/streams/{id}/backup-key': 'streams:write',
  'delete /api/streams/{id}/backup-key': 'streams:write',
  'put /api/streams/{id}/slate-image': 'streams:write',
  'delete /api/streams/{id}/slate-image': 'streams:write',
  'post /api/streams/{id}/golive': 'streams:write',
  'post /api/streams/{id}/key': 'streams:write',
  'post /api/streams/{id}/purge': 'streams:end',
  'post /api/streams/{id}/stop': 'streams:end',
  'post /api/streams/{id}/viewer-tokens': 'streams:write',
  'get /api/sessions': 'streams:read',
  'get /api/sessions/current': 'streams:read',
  'delete /api/sessions/{id}': 'streams:read',
  'get /api/audit': 'admin',
  'get /api/invites': 'admin',
  'post /api/invites': 'admin',
  'delete /api/invites/{id}': 'admin',
  'get /api/tasks': 'admin',
  'post /api/tasks/{id}/drain': 'admin',
  'get /api/tokens': 'admin',
  'post /api/tokens': 'admin',
  'delete /api/tokens/{id}': 'admin',
};
/** There is no token, no session, no invitation and no purge with the id of a stream, no picture, and no trace of one that was never published. */
const REFUSALS: Readonly<Record<string, number>> = {
  'delete /api/tokens/{id}': 404,
  'delete /api/invites/{id}': 404,
  'delete /api/sessions/{id}': 404,
  // The request has a token, and no session.
  'get /api/sessions/current': 404,
  'get /api/streams/{id}/purges/{purgeId}': 404,
  'get /api/streams/{id}/slate-image': 404,
  'get /api/streams/{id}/trace': 404,
  // The request has no picture.
  'put /api/streams/{id}/slate-image': 415,
};
const PUBLIC_OPERATIONS = [
  'get /api/health',
  'get /api/sign-in',
  'get /api/sign-in/oidc',
  'get /api/sign-in/oidc/callback',
  'post /api/sessions',
];

let api: ApiWithDatabase;
beforeAll(async () => {
  api = await startApiWithDatabase();
});
afterAll(() => api.close());

async function makeToken(scope: TokenScope, streamId: string | null = null): Promise<string> {
  const { status, json } = await api.call('POST', '/api/tokens', { body: { name: scope, scope, streamId } });
  expect(status).toBe(201);
  return json.token;
}

async function createStream(): Promise<{ readonly id: string; readonly path: string }> {
  const { json } = await api.call('POST', '/api/streams', { body: { playback: 'token' } });
  return { id: json.id, path: `/api/streams/${json.id}` };
}

/** The operations of the document, and what it says they need. */
async function declaredSecurity(): Promise<Record<string, unknown>> {
  const { paths } = (await api.call('GET', '/api/openapi.json')).json;
  const items: [string, Record<string, { security?: unknown }>][] = Object.entries(paths);
  return Object.fromEntries(
    items.flatMap(([path, item]) =>
      Object.entries(item).map(([method, { security }]) => [`${method} ${path}`, security]),
    ),
  );
}

test('every route of the document declares its scope for tokens and sessions, or that it needs none', async () => {
  const expected = Object.fromEntries([
    ...Object.entries(SCOPES).map(([name, scope]) => [name, [{ adminToken: [scope] }, { session: [scope] }]]),
    ...PUBLIC_OPERATIONS.map((name) => [name, []]),
  ]);
  expect(await declaredSecurity()).toEqual(expected);
});

test.each(TOKEN_SCOPES)('a token with the scope %s may do what the document says, and nothing else', async (held) => {
  const token = await makeToken(held);
  for (const [name, scope] of Object.entries(SCOPES)) {
    const [method = '', template = ''] = name.split(' ');
    const { id } = await createStream();
    await api.tasks.heartbeat(makeTaskHeartbeat({ taskId: id }));
    const body =
      ['post', 'patch'].includes(method) && !/key|purge|stop|drain|viewer|preview/.test(name)
        ? bodyOf(name)
        : undefined;
    const { status, json, headers } = await api.call(method.toUpperCase(), template.replace('{id}', id), {
      token,
      ...(body === undefined ? {} : { body }),
    });
    if (includesScope(held, scope)) {
      const refusal = REFUSALS[name];
      expect([name, status]).toEqual([name, refusal ?? expect.any(Number)]);
      if (refusal === undefined) expect([name, Math.floor(status / 100)]).toEqual([name, 2]);
    } else {
      const detail = `This needs a token with the scope "${scope}". This token has "${held}".`;
      expect([name, status, json.detail]).toEqual([name, 403, detail]);
      expect(headers.get('WWW-Authenticate')).toBe(`Bearer error="insufficient_scope", scope="${scope}"`);
      expect(headers.get('Content-Type')).toBe('application/problem+json');
    }
  }
});

function bodyOf(name: string): object {
  if (name.endsWith('/tokens')) return { name: 'a' };
  return name.endsWith('/invites') ? { name: 'a', role: 'owner' } : { title: 'a' };
}

describe('a token for one stream', () => {
  test('shows this stream only, and other streams do not exist for it', async () => {
    const [own, other] = [await createStream(), await createStream()];
    const token = await makeToken('streams:write', own.id);
    const { json } = await api.call('GET', '/api/streams?limit=1', { token });
    expect([json.streams.map(({ id }: { id: string }) => id), json.nextCursor]).toEqual([[own.id], null]);
    expect((await api.call('GET', own.path, { token })).status).toBe(200);
    expect((await api.call('PATCH', own.path, { token, body: { title: 'Changed' } })).status).toBe(200);
    for (const [method, path] of [
      ['GET', other.path],
      ['PATCH', other.path],
      ['DELETE', other.path],
      ['POST', `${other.path}/key`],
      ['POST', `${other.path}/stop`],
      ['POST', `${other.path}/viewer-tokens`],
      ['POST', `${other.path}/preview-tokens`],
      ['GET', '/api/streams/aaaaaaaaaaaaaaaa'],
    ] as const) {
      const refused = await api.call(method, path, { token });
      expect([path, refused.status, refused.json.detail]).toEqual([path, 404, 'There is no stream with this id.']);
    }
    expect((await api.call('GET', other.path)).json).toMatchObject({ version: 1 });
  });

  test.each(['%2e%2e', 'AAAAAAAAAAAAAAAA', '*', ' '])('other spellings of an id (%s) lead nowhere', async (id) => {
    const token = await makeToken('streams:read', (await createStream()).id);
    expect((await api.call('GET', `/api/streams/${id}`, { token })).status).toBe(404);
  });

  test('creates no streams, and says why', async () => {
    const token = await makeToken('streams:write', (await createStream()).id);
    const { status, json } = await api.call('POST', '/api/streams', { token });
    expect([status, json.detail]).toEqual([
      403,
      'This needs a token with the scope "streams:write" for all streams. This token is for one stream.',
    ]);
  });

  test('to read it changes nothing of it', async () => {
    const own = await createStream();
    const token = await makeToken('streams:read', own.id);
    expect((await api.call('DELETE', own.path, { token })).status).toBe(403);
    expect((await api.call('GET', own.path, { token })).status).toBe(200);
  });

  test('shows nothing once its stream is deleted, and nothing of a stream that never was', async () => {
    const own = await createStream();
    const tokens = [await makeToken('streams:write', own.id), await makeToken('streams:read', 'backend-channel_1')];
    expect((await api.call('DELETE', own.path, { token: tokens[0] ?? '' })).status).toBe(204);
    for (const token of tokens) {
      expect((await api.call('GET', '/api/streams', { token })).json).toEqual({ streams: [], nextCursor: null });
    }
  });

  test('can stop a stream that only a backend knows', async () => {
    const token = await makeToken('streams:write', 'backend-channel_1');
    const { status, json } = await api.call('POST', '/api/streams/backend-channel_1/stop', { token });
    expect([status, json.detail]).toEqual([404, 'There is no stream with this id.']);
    expect((await api.call('POST', '/api/streams/backend-channel_2/stop', { token })).status).toBe(404);
  });
});

test('a token whose scope is unknown here may do nothing', async () => {
  const { json } = await api.call('POST', '/api/tokens', { body: { name: 'a' } });
  const record = await api.adminTokens.get(json.id);
  if (record === null) throw new Error('there is no record');
  await api.adminTokens.remove(json.id);
  await api.adminTokens.put({ ...record, scope: 'toString' as TokenScope });
  expect((await api.call('GET', '/api/streams', { token: json.token })).status).toBe(403);
});

test('a route that declares no access answers nobody', async () => {
  const app = createApp(api.dependencies);
  const definition = createRoute({ method: 'get', path: '/api/forgotten', responses: { 200: { description: 'a' } } });
  app.openapi(definition, (context) => context.body('secret', 200));
  app.get('/api/hidden', (context) => context.text('secret'));
  expect(readRouteAccess(app).has('GET /api/forgotten')).toBe(false);
  for (const path of ['/api/forgotten', '/api/hidden']) {
    const headers = { Authorization: `Bearer ${api.tokens[0]}` };
    const response = await app.request(path, { headers });
    expect([path, response.status]).toEqual([path, 500]);
    expect(await response.text()).not.toContain('secret');
  }
});
