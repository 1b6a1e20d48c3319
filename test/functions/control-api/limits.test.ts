import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { createApp } from '#functions/control-api/app.ts';
import { CallerLimits, type CallerRates } from '#functions/control-api/caller-limits.ts';
import type { RequestBindings } from '#functions/control-api/source-address.ts';
import { cookieOf } from '#test/support/studio-session.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const RATES: CallerRates = {
  perToken: { perSecond: 50, capacity: 100 },
  anonymous: { perNetwork: { perSecond: 1, capacity: 10 }, together: { perSecond: 10, capacity: 25 } },
  unknownTokens: { perNetwork: { perSecond: 1, capacity: 5 }, together: { perSecond: 5, capacity: 12 } },
};

let nowMs: number;
let reads: number;
let api: ApiWithDatabase;
let app: ReturnType<typeof createApp>;

beforeEach(async () => {
  nowMs = Date.parse('2025-01-02T03:04:05.678Z');
  reads = 0;
  api = await startApiWithDatabase(() => nowMs, { callerRates: RATES });
  app = createApp(countingReads(api));
});
afterEach(() => api.close());

/** The dependencies of an API whose look-ups of tokens are counted. */
function countingReads({ dependencies }: ApiWithDatabase) {
  const get = (tokenId: string) => {
    reads += 1;
    return dependencies.tokens.get(tokenId);
  };
  return { ...dependencies, tokens: { ...dependencies.tokens, get } };
}

/** Sends a request from an address. Without a token it has no Authorization header. */
function ask(sourceAddress: string, token: string | null, path = '/api/streams') {
  const headers: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
  return app.request(path, { headers }, { sourceAddress } satisfies RequestBindings);
}

const guess = () => generateSecret(randomBytes);
const statusesOf = async (requests: readonly (Response | Promise<Response>)[]) =>
  (await Promise.all(requests)).map(({ status }) => status);
const count = (statuses: readonly number[], status: number) => statuses.filter((each) => each === status).length;

async function createToken(): Promise<string> {
  return (await api.call('POST', '/api/tokens', { body: { name: 'a' } })).json.token;
}

test('a flood of strangers at the same address takes nothing from an admin', async () => {
  const token = await createToken();
  expect((await fetch(`${api.url}/api/streams`, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
  const flood = Array.from({ length: 300 }, (_, index) => {
    const headers: Record<string, string> = index % 2 === 0 ? {} : { Authorization: `Bearer ${guess()}` };
    return fetch(`${api.url}/api/streams`, { headers });
  });
  const admins = Array.from({ length: 90 }, (_, index) =>
    api.call('GET', '/api/streams', index % 2 === 0 ? { token } : {}),
  );
  const [strangers, answers] = await Promise.all([statusesOf(flood), Promise.all(admins)]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  // The token took one of the 15 turns when it came for the first time.
  expect([count(strangers, 401), count(strangers, 429)]).toEqual([14, 286]);
});

test('health always answers, with or without a token', async () => {
  for (let request = 0; request < 50; request += 1) await ask('192.0.2.1', guess());
  expect((await ask('192.0.2.1', guess())).status).toBe(429);
  for (let request = 0; request < 200; request += 1) {
    expect((await ask('192.0.2.1', request % 2 === 0 ? null : guess(), '/api/health')).status).toBe(200);
  }
});

test('a refusal says when to try again, and then the request goes through', async () => {
  await statusesOf(Array.from({ length: 10 }, () => ask('192.0.2.1', null)));
  const refused = await ask('192.0.2.1', null);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('Content-Type')).toBe('application/problem+json');
  expect(refused.headers.get('Retry-After')).toBe('1');
  expect(await refused.json()).toMatchObject({ title: 'Too Many Requests', detail: expect.stringContaining('token') });
  nowMs += 1_000;
  expect((await ask('192.0.2.1', null)).status).toBe(401);
  expect((await ask('192.0.2.1', null)).status).toBe(429);
});

describe('strangers', () => {
  test('are limited by address, and an IPv6 /64 is one address', async () => {
    const flood = Array.from({ length: 20 }, (_, index) => ask(`2001:db8::${index}`, null));
    expect(count(await statusesOf(flood), 401)).toBe(10);
    expect((await ask('2001:db8:0:1::1', null)).status).toBe(401);
  });

  test('are limited together, whatever their addresses', async () => {
    const flood = Array.from({ length: 100 }, (_, index) => ask(`192.0.2.${index}`, null));
    expect(count(await statusesOf(flood), 401)).toBe(25);
  });

  test('with tokens that nobody knows make few look-ups', async () => {
    const fromOne = Array.from({ length: 100 }, () => ask('192.0.2.1', guess()));
    expect(count(await statusesOf(fromOne), 401)).toBe(5);
    expect(reads).toBe(5);
    const fromMany = Array.from({ length: 100 }, (_, index) => ask(`198.51.100.${index}`, guess()));
    expect(count(await statusesOf(fromMany), 401)).toBe(7);
    expect(reads).toBe(12);
  });

  test.each(['/api/docs', '/api/unknown', '/api/openapi.json'])('are limited on %s too', async (path) => {
    const statuses = await statusesOf(Array.from({ length: 11 }, () => ask('192.0.2.1', null, path)));
    expect(count(statuses, 429)).toBe(1);
  });

  test('with tokens that have another form than ours leave room for those that may be right', async () => {
    await statusesOf(Array.from({ length: 50 }, () => ask('192.0.2.1', 'x')));
    expect((await ask('192.0.2.1', await createToken())).status).toBe(200);
  });
});

describe('a token', () => {
  test('that is valid is limited by itself, at all addresses together', async () => {
    const [a, b] = [await createToken(), await createToken()];
    expect(await statusesOf([ask('192.0.2.1', a), ask('192.0.2.1', b)])).toEqual([200, 200]);
    const flood = await statusesOf(Array.from({ length: 150 }, (_, index) => ask(`192.0.2.${index}`, a)));
    expect([count(flood, 200), count(flood, 429)]).toEqual([100, 50]);
    expect((await ask('192.0.2.1', b)).status).toBe(200);
    nowMs += 1_000;
    expect(count(await statusesOf(Array.from({ length: 60 }, () => ask('192.0.2.1', a))), 200)).toBe(50);
  });

  test('that stores pictures for slates may do so once a second or two', async () => {
    const path = `/api/streams/${(await api.call('POST', '/api/streams')).json.id}/slate-image`;
    const token = await createToken();
    await ask('192.0.2.1', token);
    nowMs += 1_000;
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'image/png' };
    const put = () => app.request(path, { method: 'PUT', headers, body: 'x' }, { sourceAddress: '192.0.2.1' });
    expect((await put()).status).toBe(422);
    const refused = await put();
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '2']);
    nowMs += 2_000;
    expect((await put()).status).toBe(422);
  });

  test('that was revoked counts as unknown', async () => {
    const token = await createToken();
    expect((await ask('192.0.2.1', token)).status).toBe(200);
    const { json } = await api.call('GET', '/api/tokens');
    await api.adminTokens.remove(json.tokens[0].id);
    nowMs += 3_000;
    expect((await ask('192.0.2.1', token)).status).toBe(401);
    const statuses = await statusesOf(Array.from({ length: 20 }, () => ask('192.0.2.1', token)));
    expect([count(statuses, 401), count(statuses, 429)]).toEqual([5, 15]);
  });
});

describe('a session', () => {
  const askWith = (sourceAddress: string, Cookie: string) =>
    app.request('/api/streams', { headers: { Cookie } }, { sourceAddress } satisfies RequestBindings);
  const signInFrom = (sourceAddress: string, token: string) =>
    app.request(
      '/api/sessions',
      { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) },
      { sourceAddress } satisfies RequestBindings,
    );

  test('is limited by itself, as a token is', async () => {
    const cookies = [
      cookieOf(await signInFrom('192.0.2.1', api.tokens[0])),
      cookieOf(await signInFrom('192.0.2.1', api.tokens[0])),
    ] as const;
    expect(await statusesOf(cookies.map((cookie) => askWith('192.0.2.1', cookie)))).toEqual([200, 200]);
    const flood = await statusesOf(Array.from({ length: 150 }, () => askWith('192.0.2.1', cookies[0])));
    expect([count(flood, 200), count(flood, 429)]).toEqual([100, 50]);
    expect((await askWith('192.0.2.1', cookies[1])).status).toBe(200);
    expect((await ask('192.0.2.1', api.tokens[0])).status).toBe(200);
  });

  test('that nobody knows counts as an unknown token', async () => {
    const flood = Array.from({ length: 20 }, () => askWith('192.0.2.1', `__Host-headend-session=${guess()}`));
    const statuses = await statusesOf(flood);
    expect([count(statuses, 401), count(statuses, 429)]).toEqual([5, 15]);
  });

  test('is guessed as slowly as a token, even by those who have a valid one', async () => {
    const token = await createToken();
    expect((await ask('192.0.2.2', token)).status).toBe(200);
    const statuses = await statusesOf(Array.from({ length: 20 }, () => signInFrom('192.0.2.1', guess())));
    expect([count(statuses, 401), count(statuses, 429)]).toEqual([5, 15]);
    expect((await signInFrom('192.0.2.1', token)).status).toBe(429);
    nowMs += 1_000;
    expect((await signInFrom('192.0.2.1', token)).status).toBe(201);
  });
});

test('the tables are bounded: a stranger with very many addresses is still limited', () => {
  const limits = new CallerLimits(RATES, () => nowMs);
  const waits = Array.from({ length: 30_000 }, (_, index) => limits.takeAnonymous(`network ${index}`));
  expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(25);
});
