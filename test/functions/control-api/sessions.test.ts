import { randomBytes } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { INVITE_LIFETIME_MS, SESSION_LIFETIME_MS } from '#domain/sessions.ts';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { createApp } from '#functions/control-api/app.ts';
import { RECORD_CACHE_MS } from '#functions/control-api/recent-records.ts';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { cookieOf, invite, OWN_PAGE, StudioSession, signIn } from '#test/support/studio-session.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');
/** Of the platform's pages, as its base URL says. */
const OWN_ORIGIN = 'http://127.0.0.1:8080';
const NAME = '__Host-headend-session';
const UNLIMITED = { perSecond: 1_000_000, capacity: 1_000_000 };
const STRANGERS = { perNetwork: UNLIMITED, together: UNLIMITED };

let nowMs: number;
let api: ApiWithDatabase;

beforeEach(async () => {
  nowMs = NOW_MS;
  const callerRates = { perToken: UNLIMITED, anonymous: STRANGERS, unknownTokens: STRANGERS };
  api = await startApiWithDatabase(() => nowMs, { callerRates });
});
afterEach(() => api.close());

const createToken = async (settings: object = {}) =>
  (await api.call('POST', '/api/tokens', { body: { name: 'ci', ...settings } })).json;
const statusWith = async (headers: Record<string, string>, method = 'GET', path = '/api/streams') =>
  (await fetch(`${api.url}${path}`, { method, headers })).status;

/** Everything that the database and the log have, as text. */
async function traces(): Promise<string> {
  const items = Object.values(TEST_TABLES).map(
    async (TableName) => (await api.client.send(new ScanCommand({ TableName }))).Items,
  );
  return JSON.stringify([await Promise.all(items), api.logLines]);
}

describe('signing in', () => {
  test('a link gives its person a session, and its cookie is out of reach for scripts and other sites', async () => {
    const answer = await signIn(api, { invite: await invite(api, ' Ada ', 'producer') });
    expect(answer.status).toBe(201);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-headend-session=[a-z2-7]{32}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ]);
    const body = await answer.json();
    expect(body).toEqual({
      id: secretId(hashSecret(cookieOf(answer).split('=')[1] ?? '')),
      name: 'Ada',
      role: 'producer',
      scope: 'streams:write',
      scopes: ['streams:write', 'streams:end', 'streams:read'],
      streamId: null,
      personId: expect.stringMatching(/^[a-z2-7]{16}$/),
      createdAt: new Date(NOW_MS).toISOString(),
      expiresAt: new Date(NOW_MS + SESSION_LIFETIME_MS).toISOString(),
      isCurrent: true,
    });
    const current = await fetch(`${api.url}/api/sessions/current`, { headers: { Cookie: cookieOf(answer) } });
    expect([current.status, await current.json()]).toEqual([200, body]);
  });

  test('secrets are nowhere: not in the database, the log, the audit trail or an answer', async () => {
    const secret = await invite(api, 'Ada', 'owner');
    const answer = await signIn(api, { invite: secret });
    const cookie = cookieOf(answer).split('=')[1] ?? '';
    const { token } = await createToken();
    const failed = [{ invite: secret }, { token: token.split('').reverse().join('') }, { invite: cookie, token }];
    for (const body of failed) expect((await signIn(api, body)).ok).toBe(false);
    const session = await StudioSession.of(api, answer.clone());
    await session.call('POST', '/api/streams', { title: 'a' });
    await session.call('DELETE', '/api/sessions/current');
    const everything = `${await traces()} ${JSON.stringify((await api.call('GET', '/api/audit')).json)} ${await answer.text()}`;
    expect(everything).toContain(session.id);
    for (const hidden of [secret, cookie, token, token.split('').reverse().join('')])
      expect(everything).not.toContain(hidden);
  });

  test('a link works once, also for several who open it at the same moment', async () => {
    const secret = await invite(api, 'Ada', 'owner');
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn(api, { invite: secret })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(7).fill(401)]);
    const again = await signIn(api, { invite: secret });
    expect([again.status, again.headers.getSetCookie(), again.headers.get('WWW-Authenticate')]).toEqual([
      401,
      [],
      'Bearer',
    ]);
    expect(await again.json()).toMatchObject({ detail: expect.stringContaining('It works once') });
  });

  test('a link that has expired, was revoked or never was given out signs nobody in', async () => {
    const [late, revoked] = [await invite(api, 'Ada', 'owner'), await invite(api, 'Bob', 'owner')];
    expect((await api.call('DELETE', `/api/invites/${secretId(hashSecret(revoked))}`)).status).toBe(204);
    nowMs += INVITE_LIFETIME_MS;
    for (const secret of [late, revoked, generateSecret(randomBytes)])
      expect((await signIn(api, { invite: secret })).status).toBe(401);
  });

  test.each([
    {},
    { invite: 'a'.repeat(32), token: 'a'.repeat(32) },
    { invite: 'A'.repeat(32) },
    { token: '' },
    { token: null },
    { invite: { S: 'a' } },
    { invite: 'a'.repeat(32), role: 'owner' },
  ])('%j is a 422', async (body) => {
    expect((await signIn(api, body)).status).toBe(422);
  });

  test('whatever cookie came along, the session is a new one', async () => {
    const planted = generateSecret(randomBytes);
    const Cookie = `${NAME}=${planted}`;
    const first = await signIn(api, { invite: await invite(api, 'Ada', 'owner') }, { Cookie });
    expect(cookieOf(first)).not.toContain(planted);
    expect(await statusWith({ Cookie })).toBe(401);
    const second = await signIn(api, { invite: await invite(api, 'Ada', 'owner') }, { Cookie: cookieOf(first) });
    expect(cookieOf(second)).not.toBe(cookieOf(first));
  });

  test.each([
    ['nothing, as a program', {}, 201],
    ['a page of its own', OWN_PAGE, 201],
    ['its own origin alone', { Origin: OWN_ORIGIN }, 201],
    ['a page of another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a page of the same site', { 'Sec-Fetch-Site': 'same-site' }, 403],
    ['no page', { 'Sec-Fetch-Site': 'none' }, 403],
    ['another origin', { Origin: 'https://evil.example' }, 403],
    ['another port', { Origin: 'http://127.0.0.1:8081' }, 403],
    ['an origin that is kept secret', { Origin: 'null' }, 403],
    ['another site that says the origin is ours', { 'Sec-Fetch-Site': 'cross-site', Origin: OWN_ORIGIN }, 403],
  ])('a request that shows %s', async (_name, headers, status) => {
    const secret = await invite(api, 'Ada', 'owner');
    expect((await signIn(api, { invite: secret }, headers)).status).toBe(status);
    // What was refused has not used the link up.
    expect((await signIn(api, { invite: secret })).status).toBe(status === 201 ? 401 : 201);
  });

  test("where nothing is encrypted, the cookie is the browser's all the same", async () => {
    const addresses = { rtmpUrl: 'rtmp://192.0.2.7/live', rtmpsUrl: null, playbackBaseUrl: 'http://192.0.2.7:8080' };
    const app = createApp({ ...api.dependencies, addresses });
    const body = JSON.stringify({ token: api.tokens[0] });
    const headers = { 'Content-Type': 'application/json', Origin: 'http://192.0.2.7:8080' };
    const answer = await app.request('/api/sessions', { method: 'POST', headers, body });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^headend-session=[a-z2-7]{32}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    const asked = await app.request('/api/streams', { headers: { Cookie: cookieOf(answer) } });
    expect(asked.status).toBe(200);
  });
});

describe('a session of a token', () => {
  test('may do what the token may, and no more', async () => {
    const stream = (await api.call('POST', '/api/streams')).json;
    const { token, id } = await createToken({ scope: 'streams:end', streamId: stream.id });
    const session = await StudioSession.of(api, await signIn(api, { token }));
    const { json } = await session.call('GET', '/api/sessions/current');
    expect(json).toMatchObject({ name: 'ci', role: null, scope: 'streams:end', streamId: stream.id, personId: null });
    expect((await session.call('POST', `/api/streams/${stream.id}/stop`)).status).toBe(202);
    const refused = await session.call('PATCH', `/api/streams/${stream.id}`, { title: 'a' });
    expect([refused.status, refused.json.detail]).toEqual([
      403,
      'This needs a session with the scope "streams:write". This session has "streams:end".',
    ]);
    const other = (await api.call('POST', '/api/streams')).json;
    expect((await session.call('GET', `/api/streams/${other.id}`)).status).toBe(404);
    expect((await session.call('POST', '/api/streams', {})).status).toBe(403);
    // Its streams belong to nobody: a token is no person.
    const admin = await StudioSession.of(api, await signIn(api, { token: api.tokens[0] }));
    expect((await admin.call('POST', '/api/streams', {})).json.owner).toBeNull();
    expect(id).not.toBe(session.id);
  });

  test('ends when the token is revoked, also by another instance', async () => {
    const [first, second] = [await createToken(), await createToken()];
    const sessions = await Promise.all(
      [first, second].map(async ({ token }) => StudioSession.of(api, await signIn(api, { token }))),
    );
    for (const session of sessions) expect((await session.call('GET', '/api/streams')).status).toBe(200);
    await api.call('DELETE', `/api/tokens/${first.id}`);
    expect((await api.call('GET', '/api/sessions')).json.sessions).toMatchObject([{ id: sessions[1]?.id }]);
    expect((await sessions[0]?.call('GET', '/api/streams'))?.status).toBe(401);
    await api.adminTokens.remove(second.id);
    nowMs += RECORD_CACHE_MS;
    expect((await sessions[1]?.call('GET', '/api/streams'))?.status).toBe(401);
  });

  test('expires with the token', async () => {
    const expiresAt = new Date(NOW_MS + 60_000).toISOString();
    const { token } = await createToken({ expiresAt });
    const session = await StudioSession.of(api, await signIn(api, { token }));
    expect((await session.call('GET', '/api/sessions/current')).json.expiresAt).toBe(expiresAt);
    nowMs += 60_000;
    expect((await session.call('GET', '/api/streams')).status).toBe(401);
    expect((await signIn(api, { token })).status).toBe(401);
  });

  test('ends when a bootstrap token is one no longer', async () => {
    const session = await StudioSession.of(api, await signIn(api, { token: api.tokens[0] }));
    const app = createApp({ ...api.dependencies, bootstrapHashes: [hashSecret(api.tokens[1])] });
    expect((await session.call('GET', '/api/streams')).status).toBe(200);
    expect((await app.request('/api/streams', { headers: { Cookie: session.cookie } })).status).toBe(401);
  });
});

describe('a request with a cookie', () => {
  test.each([
    ['from a page of the platform', OWN_PAGE, 201],
    ['with its origin, where browsers send no Sec-Fetch-Site', { Origin: OWN_ORIGIN }, 201],
    ['that says nothing', {}, 403],
    ['from another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['from the same site', { 'Sec-Fetch-Site': 'same-site' }, 403],
    ['from no page', { 'Sec-Fetch-Site': 'none' }, 403],
    ['from another site with our origin', { 'Sec-Fetch-Site': 'cross-site', Origin: OWN_ORIGIN }, 403],
    ['with another origin', { Origin: 'https://evil.example' }, 403],
    ['with an origin that begins like ours', { Origin: `${OWN_ORIGIN}.evil.example` }, 403],
    ['with an origin that is kept secret', { Origin: 'null' }, 403],
  ])('%s that changes something', async (_name, headers, status) => {
    const session = await StudioSession.invited(api, 'Ada', 'owner');
    const answer = await session.call('POST', '/api/streams', { title: 'a' }, headers as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(
      (await session.call('DELETE', '/api/sessions/current', undefined, headers as Record<string, string>)).status,
    ).toBe(status === 201 ? 204 : 403);
    expect((await session.call('GET', '/api/streams', undefined, {})).status).toBe(status === 201 ? 401 : 200);
  });

  test('that has an Authorization header counts by that alone', async () => {
    const { cookie: Cookie } = await StudioSession.invited(api, 'Ada', 'owner');
    const bearer = { Authorization: `Bearer ${api.tokens[0]}` };
    expect(await statusWith({ Cookie: `${NAME}=x`, ...bearer, 'Sec-Fetch-Site': 'cross-site' }, 'POST')).toBe(201);
    expect(await statusWith({ Cookie, Authorization: `Bearer ${generateSecret(randomBytes)}` })).toBe(401);
    expect(await statusWith({ Cookie, Authorization: '' })).toBe(401);
    expect(await statusWith({ Cookie, Authorization: 'Basic eDp5' })).toBe(401);
  });

  test.each(['', 'x', '../x', '%00', 'a'.repeat(32), '"', 'a=b', 'A'.repeat(32)])(
    'whose secret %j is unknown is a 401',
    async (secret) => {
      expect(await statusWith({ Cookie: `${NAME}=${secret}` })).toBe(401);
    },
  );

  test('of a name that other hosts could set is a 401', async () => {
    const { cookie } = await StudioSession.invited(api, 'Ada', 'owner');
    expect(await statusWith({ Cookie: cookie })).toBe(200);
    expect(await statusWith({ Cookie: cookie.replace('__Host-', '') })).toBe(401);
    expect(await statusWith({ Cookie: `other=1; ${cookie}; another="2"` })).toBe(200);
  });

  test('works until the session expires', async () => {
    const session = await StudioSession.invited(api, 'Ada', 'owner');
    nowMs += SESSION_LIFETIME_MS - 1;
    expect((await session.call('GET', '/api/streams')).status).toBe(200);
    nowMs += 1;
    expect((await session.call('GET', '/api/streams')).status).toBe(401);
    expect((await api.call('GET', '/api/sessions')).json.sessions).toEqual([]);
  });

  test('is refused within 3 s when another instance has revoked the session', async () => {
    const session = await StudioSession.invited(api, 'Ada', 'owner');
    await session.call('GET', '/api/streams');
    await api.dependencies.sessions.remove(session.id);
    nowMs += RECORD_CACHE_MS;
    expect((await session.call('GET', '/api/streams')).status).toBe(401);
  });

  test('whose role is unknown here is a 401', async () => {
    const session = await StudioSession.invited(api, 'Ada', 'owner');
    const record = await api.dependencies.sessions.get(session.id);
    if (record === null) throw new Error('there is no record');
    await api.dependencies.sessions.remove(session.id);
    await api.dependencies.sessions.put({ ...record, role: 'toString' as 'owner' });
    expect((await session.call('GET', '/api/streams')).status).toBe(401);
  });

  test('with an idempotency key may be repeated', async () => {
    const session = await StudioSession.invited(api, 'Ada', 'broadcaster');
    const create = () =>
      session.call('POST', '/api/streams', { title: 'a' }, { ...OWN_PAGE, 'Idempotency-Key': 'one' });
    const [first, second] = [await create(), await create()];
    expect([second.status, second.json.streamKey]).toEqual([201, first.json.streamKey]);
    const other = await StudioSession.invited(api, 'Bob', 'broadcaster');
    const others = await other.call('POST', '/api/streams', { title: 'a' }, { ...OWN_PAGE, 'Idempotency-Key': 'one' });
    expect(others.json.id).not.toBe(first.json.id);
  });
});

describe('sessions', () => {
  const idsOf = (json: { sessions: { id: string }[] }) => json.sessions.map(({ id }) => id).toSorted();

  test('are listed and revoked by their person, and all of them by an owner', async () => {
    const [owner, grace, alsoGrace, bob] = [
      await StudioSession.invited(api, 'Ada', 'owner'),
      await StudioSession.invited(api, 'Grace', 'broadcaster'),
      await StudioSession.invited(api, 'GRACE', 'broadcaster'),
      await StudioSession.invited(api, 'Bob', 'producer'),
    ];
    expect(alsoGrace.personId).toBe(grace.personId);
    expect(bob.personId).not.toBe(grace.personId);
    const all = [owner, grace, alsoGrace, bob].map(({ id }) => id).toSorted();
    expect(idsOf((await owner.call('GET', '/api/sessions')).json)).toEqual(all);
    expect(idsOf((await api.call('GET', '/api/sessions')).json)).toEqual(all);
    const hers = (await grace.call('GET', '/api/sessions')).json;
    expect(idsOf(hers)).toEqual([grace.id, alsoGrace.id].toSorted());
    expect(hers.sessions.filter(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toMatchObject([
      { id: grace.id },
    ]);

    for (const id of [owner.id, bob.id, 'unknown', 'aaaaaaaaaaaaaaaa', '%00'])
      expect((await grace.call('DELETE', `/api/sessions/${id}`)).status).toBe(404);
    expect((await bob.call('DELETE', `/api/sessions/${grace.id}`)).status).toBe(404);
    expect((await grace.call('DELETE', `/api/sessions/${alsoGrace.id}`)).headers.getSetCookie()).toEqual([]);
    expect((await alsoGrace.call('GET', '/api/streams')).status).toBe(401);
    expect((await owner.call('DELETE', `/api/sessions/${bob.id}`)).status).toBe(204);
    expect((await bob.call('GET', '/api/streams')).status).toBe(401);
    expect((await grace.call('GET', '/api/streams')).status).toBe(200);
    expect((await owner.call('DELETE', `/api/sessions/${bob.id}`)).status).toBe(404);
  });

  test('of a token are its own', async () => {
    const [first, second] = [
      await createToken({ scope: 'streams:read' }),
      await createToken({ scope: 'streams:read' }),
    ];
    const session = await StudioSession.of(api, await signIn(api, { token: first.token }));
    await signIn(api, { token: second.token });
    const mine = { sessions: [expect.objectContaining({ id: session.id })], nextCursor: null };
    expect((await session.call('GET', '/api/sessions')).json).toEqual(mine);
    expect((await api.call('GET', '/api/sessions', { token: first.token })).json).toEqual(mine);
    expect((await api.call('DELETE', `/api/sessions/${session.id}`, { token: second.token })).status).toBe(404);
    expect((await api.call('DELETE', `/api/sessions/${session.id}`, { token: first.token })).status).toBe(204);
  });

  test('end when somebody signs out, and the browser forgets the cookie', async () => {
    const session = await StudioSession.invited(api, 'Ada', 'moderator');
    const { status, headers } = await session.call('DELETE', '/api/sessions/current');
    expect([status, headers.getSetCookie()]).toEqual([
      204,
      [`${NAME}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict`],
    ]);
    expect((await session.call('GET', '/api/sessions/current')).status).toBe(401);
    expect((await api.call('GET', '/api/sessions/current')).status).toBe(404);
    expect((await api.call('DELETE', '/api/sessions/current')).status).toBe(404);
  });

  test('are on one page each, once', async () => {
    for (const name of ['a', 'b', 'c']) await StudioSession.invited(api, name, 'owner');
    const listed: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { json } = await api.call('GET', `/api/sessions?limit=1${cursor && `&cursor=${cursor}`}`);
      listed.push(...json.sessions.map(({ name }: { name: string }) => name));
      cursor = json.nextCursor;
    }
    expect(listed.toSorted()).toEqual(['a', 'b', 'c']);
  });
});

test('invitations are listed until they are used, revoked or expire', async () => {
  const secrets = [
    await invite(api, 'Ada', 'owner'),
    await invite(api, 'Bob', 'moderator'),
    await invite(api, 'Eve', 'owner'),
  ];
  const { json } = await api.call('GET', '/api/invites');
  expect(json.invites.toSorted((a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name))).toEqual(
    ['Ada', 'Bob', 'Eve'].map((name, index) => ({
      ...{ id: secretId(hashSecret(secrets[index] ?? '')), name, role: name === 'Bob' ? 'moderator' : 'owner' },
      createdAt: new Date(NOW_MS).toISOString(),
      expiresAt: new Date(NOW_MS + INVITE_LIFETIME_MS).toISOString(),
    })),
  );
  await signIn(api, { invite: secrets[0] });
  await api.call('DELETE', `/api/invites/${secretId(hashSecret(secrets[1] ?? ''))}`);
  expect((await api.call('GET', '/api/invites')).json.invites).toMatchObject([{ name: 'Eve' }]);
  nowMs += INVITE_LIFETIME_MS;
  expect((await api.call('GET', '/api/invites')).json.invites).toEqual([]);
});

test.each([
  [{ role: 'owner' }, 'name'],
  [{ name: '', role: 'owner' }, 'name'],
  [{ name: 'a'.repeat(201), role: 'owner' }, 'name'],
  [{ name: 'a\nb', role: 'owner' }, 'name'],
  [{ name: 'a' }, 'role'],
  [{ name: 'a', role: 'admin' }, 'role'],
  [{ name: 'a', role: 'owner', scope: 'admin' }, 'scope'],
])('the invitation %j is a 422 that names %s', async (body, field) => {
  const { status, json } = await api.call('POST', '/api/invites', { body });
  expect([status, json.errors]).toMatchObject([422, [{ field }]]);
});

test('the audit trail says who did it, and who has signed in', async () => {
  const session = await StudioSession.invited(api, 'Ada', 'broadcaster');
  const stream = (await session.call('POST', '/api/streams', { title: 'Hers' })).json;
  await session.call('DELETE', '/api/sessions/current');
  const { entries } = (await api.call('GET', '/api/audit')).json;
  const hers = { tokenId: session.id, tokenName: 'Ada' };
  expect(entries).toHaveLength(4);
  expect(entries).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ action: 'POST /api/invites', tokenName: 'bootstrap' }),
      expect.objectContaining({
        ...{ ...hers, action: 'POST /api/sessions', status: 201, before: null },
        after: expect.objectContaining({ id: session.id, role: 'broadcaster' }),
      }),
      expect.objectContaining({ ...hers, action: 'POST /api/streams', streamId: stream.id }),
      expect.objectContaining({
        ...hers,
        action: 'DELETE /api/sessions/{id}',
        path: '/api/sessions/current',
        after: null,
      }),
    ]),
  );
  expect((await signIn(api, { token: generateSecret(randomBytes) })).status).toBe(401);
  expect(api.logLines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ msg: 'a change was refused', path: '/api/sessions', status: 401, tokenId: null }),
  );
});
