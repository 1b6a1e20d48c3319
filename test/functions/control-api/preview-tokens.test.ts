import { previewPlaybackId } from '#domain/playback-ids.ts';
import { isViewerTokenValid, type TokenUse } from '#domain/viewer-tokens.ts';
import { hmacSha256 } from '#runtime/viewer-token-keys.ts';
import { TEST_VIEWER_TOKEN_KEYS as keys, startControlApi } from '#test/support/control-api.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const nowMs = Date.parse('2025-01-02T03:04:05.678Z');
const BASE = 'http://127.0.0.1:8080';
let api: ApiWithDatabase;

beforeAll(async () => {
  api = await startApiWithDatabase(() => nowMs);
});
afterAll(() => api.close());

async function preview(playback: 'public' | 'token') {
  const { json: stream } = await api.call('POST', '/api/streams', { body: { playback } });
  const { status, json } = await api.call('POST', `/api/streams/${stream.id}/preview-tokens`);
  return { playbackId: stream.playbackId as string, status, json };
}

const opens = (token: string | undefined, playbackId: string, use: TokenUse, atMs = nowMs): boolean =>
  isViewerTokenValid({ token: token ?? '', playbackId, use, keys, nowMs: atMs }, hmacSha256);

/** The token in a health.json's address. */
function healthToken(url: string, playbackId: string): string | undefined {
  const prefix = `${BASE}/t/`;
  const suffix = `/live/${playbackId}/health.json`;
  return url.startsWith(prefix) && url.endsWith(suffix) ? url.slice(prefix.length, -suffix.length) : undefined;
}

test.each(['public', 'token'] as const)('a %s stream has an address of its health, for an hour', async (playback) => {
  const { playbackId, status, json } = await preview(playback);
  expect([status, json.expiresAt]).toEqual([201, '2025-01-02T04:04:05.000Z']);
  const token = healthToken(json.healthUrl, playbackId);
  expect(opens(token, playbackId, 'health')).toBe(true);
  expect(opens(token, playbackId, 'health', Date.parse(json.expiresAt))).toBe(false);
  expect(opens(token, playbackId, 'viewing')).toBe(false);
  expect(api.logLines.join()).not.toContain(token);
});

test('the page of a public stream needs no token, that of a protected one has one for viewers', async () => {
  const open = await preview('public');
  expect(open.json.embedUrl).toBe(`${BASE}/embed/${open.playbackId}`);
  const { playbackId, json } = await preview('token');
  const [page, token] = json.embedUrl.split('#token=');
  expect(page).toBe(`${BASE}/embed/${playbackId}`);
  expect([opens(token, playbackId, 'viewing'), opens(token, playbackId, 'health')]).toEqual([true, false]);
});

test('a stream that is not on air has the addresses of its preview, until the word', async () => {
  const { json: stream } = await api.call('POST', '/api/streams', { body: { autoStart: false } });
  const shown = async () => (await api.call('POST', `/api/streams/${stream.id}/preview-tokens`)).json;
  const before = await shown();
  const [page, token] = before.embedUrl.split('#token=');
  const previewId = previewPlaybackId(stream.playbackId);
  expect(page).toBe(`${BASE}/embed/${previewId}`);
  expect([opens(token, previewId, 'viewing'), opens(token, stream.playbackId, 'viewing')]).toEqual([true, false]);
  expect(opens(healthToken(before.healthUrl, previewId), previewId, 'health')).toBe(true);
  await api.call('POST', `/api/streams/${stream.id}/golive`);
  const after = await shown();
  expect(after.embedUrl).toBe(`${BASE}/embed/${stream.playbackId}`);
  expect(healthToken(after.healthUrl, stream.playbackId)).toBeDefined();
});

test('nothing is in the audit trail', async () => {
  await preview('public');
  const { json } = await api.call('GET', '/api/audit');
  expect(json.entries.map(({ action }: { action: string }) => action)).not.toContain(
    'POST /api/streams/{id}/preview-tokens',
  );
});

test('an unknown stream has none, and without keys no stream has', async () => {
  expect((await api.call('POST', '/api/streams/aaaaaaaaaaaaaaaa/preview-tokens')).status).toBe(404);
  const without = await startControlApi(api.client, () => nowMs, { viewerTokenKeys: null });
  const { json: stream } = await without.call('POST', '/api/streams', {});
  expect((await without.call('POST', `/api/streams/${stream.id}/preview-tokens`)).status).toBe(409);
  await without.close();
});
