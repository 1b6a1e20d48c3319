import { randomBytes } from 'node:crypto';
import { isViewerTokenValid } from '#domain/viewer-tokens.ts';
import { createStoredSecret, SECRET_LIFETIME_MS } from '#runtime/stored-secret.ts';
import { hmacSha256, nextViewerTokenKeys, parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { startControlApi, TEST_VIEWER_TOKEN_KEYS } from '#test/support/control-api.ts';
import { startStoredSecrets } from '#test/support/stored-secrets.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');
let nowMs: number;
let api: ApiWithDatabase;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  api = await startApiWithDatabase(() => nowMs);
});
beforeEach(() => {
  nowMs = NOW_MS;
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => api.close());

async function create(body: object = { playback: 'token' }, on: Pick<ApiWithDatabase, 'call'> = api) {
  const { json } = await on.call('POST', '/api/streams', { body });
  const { streamKey, ...stream } = json;
  return { stream, path: `/api/streams/${stream.id}`, tokensPath: `/api/streams/${stream.id}/viewer-tokens` };
}

const isValid = (token: string, playbackId: string, keys = TEST_VIEWER_TOKEN_KEYS) =>
  isViewerTokenValid({ token, playbackId, keys, nowMs }, hmacSha256);

describe('a stream with playback "token"', () => {
  test('has an id that shows it, and addresses without a token', async () => {
    const { stream } = await create();
    expect(stream.playbackId).toMatch(/^t[a-z2-7]{16}$/);
    expect(stream).toMatchObject({
      playback: 'token',
      playbackUrl: `http://127.0.0.1:8080/live/${stream.playbackId}/master.m3u8`,
      watchUrl: `http://127.0.0.1:8080/watch/${stream.playbackId}`,
    });
  });

  test('gets a new id when it becomes public and when it becomes protected again', async () => {
    const { stream, path } = await create();
    const opened = (await api.call('PATCH', path, { body: { playback: 'public' } })).json;
    expect(opened).toMatchObject({
      playback: 'public',
      playbackId: expect.stringMatching(/^[a-z2-7]{16}$/),
      version: 2,
    });
    expect(stream.playbackId).not.toContain(opened.playbackId);
    const closed = (await api.call('PATCH', path, { body: { playback: 'token' } })).json;
    expect(closed).toMatchObject({ playback: 'token', playbackId: expect.stringMatching(/^t[a-z2-7]{16}$/) });
    expect(closed.playbackId).not.toBe(stream.playbackId);
    expect((await api.call('GET', path)).json).toEqual(closed);
  });

  test('keeps its id if playback does not change', async () => {
    const { stream, path } = await create();
    const { json } = await api.call('PATCH', path, { body: { playback: 'token', title: 'Other' } });
    expect(json).toMatchObject({ title: 'Other', playbackId: stream.playbackId });
  });
});

describe('a viewer token', () => {
  test('is valid for its stream for an hour, and is part of two addresses', async () => {
    const { stream, tokensPath } = await create();
    const { status, json, headers } = await api.call('POST', tokensPath);
    const { token } = json;
    expect([status, headers.get('Cache-Control')]).toEqual([201, 'no-store']);
    expect(json).toEqual({
      token: expect.any(String),
      url: `http://127.0.0.1:8080/t/${token}/live/${stream.playbackId}/master.m3u8`,
      watchUrl: `http://127.0.0.1:8080/watch/${stream.playbackId}#token=${token}`,
      expiresAt: '2025-01-02T04:04:05.000Z',
    });
    expect(isValid(token, stream.playbackId)).toBe(true);
    nowMs = Date.parse(json.expiresAt);
    expect(isValid(token, stream.playbackId)).toBe(false);
    expect(api.logLines.join()).not.toContain(token);
  });

  test.each([60, 86_400])('is valid for %i seconds if requested', async (ttlSeconds) => {
    const { json } = await api.call('POST', (await create()).tokensPath, { body: { ttlSeconds } });
    expect(Date.parse(json.expiresAt)).toBe(Math.floor(NOW_MS / 1000) * 1000 + ttlSeconds * 1000);
  });

  test.each([
    [{ ttlSeconds: 59 }, 'ttlSeconds'],
    [{ ttlSeconds: 86_401 }, 'ttlSeconds'],
    [{ ttlSeconds: 60.5 }, 'ttlSeconds'],
    [{ ttlSeconds: '60' }, 'ttlSeconds'],
    [{ ttlSeconds: null }, 'ttlSeconds'],
    [{ expiresAt: 'never' }, 'expiresAt'],
  ])('with %j is a 422 that names %s', async (body, field) => {
    const { status, json } = await api.call('POST', (await create()).tokensPath, { body });
    expect(status).toBe(422);
    expect(json.errors).toEqual([{ field, detail: expect.any(String) }]);
  });

  test('is the same for a repeated request', async () => {
    const { tokensPath } = await create();
    const once = { 'Idempotency-Key': '"once"', body: { ttlSeconds: 600 } };
    const first = await api.call('POST', tokensPath, once);
    nowMs += 10_000;
    const second = await api.call('POST', tokensPath, once);
    expect([second.status, second.json]).toEqual([201, first.json]);
    expect((await api.call('POST', tokensPath, { body: { ttlSeconds: 600 } })).json.token).not.toBe(first.json.token);
    const other = await api.call('POST', tokensPath, { ...once, body: { ttlSeconds: 700 } });
    expect(other.status).toBe(422);
  });

  test('is a 409 for a public stream and a 404 for an unknown one', async () => {
    const { status, json } = await api.call('POST', (await create({})).tokensPath);
    expect(status).toBe(409);
    expect(json.detail).toBe('Viewer tokens are for streams with playback "token". This stream has playback "public".');
    expect((await api.call('POST', '/api/streams/aaaaaaaaaaaaaaaa/viewer-tokens')).status).toBe(404);
  });
});

test('without keys no stream can have playback "token"', async () => {
  const without = await startControlApi(api.client, () => nowMs, { viewerTokenKeys: null });
  closers.push(without.close);
  const { json: made } = await without.call('POST', '/api/streams', {});
  const refusals = [
    await without.call('POST', '/api/streams', { body: { playback: 'token' } }),
    await without.call('PATCH', `/api/streams/${made.id}`, { body: { playback: 'token' } }),
    // A stream from the time when there were keys.
    await without.call('POST', (await create()).tokensPath),
  ];
  for (const { status, json } of refusals) {
    expect(status).toBe(409);
    expect(json.detail).toBe('Viewer tokens are not set up here; use playback "public".');
  }
});

describe('keys in Secrets Manager', () => {
  const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:viewer-tokens';

  async function startWithSecret(text: string) {
    const manager = await startStoredSecrets({ [ARN]: text });
    const { client } = manager;
    const read = createStoredSecret({ client, secretId: ARN, now: () => nowMs });
    const keys = async () => parseViewerTokenKeys(await read());
    const own = await startControlApi(api.client, () => nowMs, { viewerTokenKeys: keys });
    closers.push(own.close, manager.close);
    return { own, manager };
  }

  test('sign tokens, and rotated keys sign within 5 minutes', async () => {
    const first = nextViewerTokenKeys(null, randomBytes);
    const { own, manager } = await startWithSecret(JSON.stringify(first));
    const { stream, tokensPath } = await create({ playback: 'token' }, own);
    const made = await own.call('POST', tokensPath);
    expect(isValid(made.json.token, stream.playbackId, first)).toBe(true);
    const second = nextViewerTokenKeys(first, randomBytes);
    manager.secrets.set(ARN, JSON.stringify(second));
    nowMs += SECRET_LIFETIME_MS;
    const { token } = (await own.call('POST', tokensPath)).json;
    expect([isValid(token, stream.playbackId, first), isValid(token, stream.playbackId, second)]).toEqual([
      false,
      true,
    ]);
  });

  test('that cannot be read cause a 503, and the next request tries again', async () => {
    const { own, manager } = await startWithSecret(JSON.stringify(TEST_VIEWER_TOKEN_KEYS));
    const { tokensPath } = await create({ playback: 'token' }, own);
    manager.state.failure = 'AccessDeniedException';
    const { status, headers, json } = await own.call('POST', tokensPath);
    expect([status, headers.get('Retry-After')]).toEqual([503, '5']);
    expect(json.detail).toBe('The viewer token keys cannot be read at the moment. Try again.');
    expect(own.logLines.join()).toContain('AccessDeniedException');
    manager.state.failure = null;
    expect((await own.call('POST', tokensPath)).status).toBe(201);
  });

  test('that are malformed cause a 503, and their text is in neither the response nor the log', async () => {
    const { own } = await startWithSecret('a password of somebody else');
    const { tokensPath } = await create({ playback: 'token' }, own);
    const { status, json } = await own.call('POST', tokensPath);
    expect(status).toBe(503);
    expect(JSON.stringify(json) + own.logLines.join()).not.toContain('password');
  });
});
