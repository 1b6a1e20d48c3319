import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSecret } from '#domain/stream-ids.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { readLocalState, writeLocalState } from '#scripts/local/local-state.ts';
import { type OwnStream, ownStream, ownStreamWithKey } from '#scripts/local/own-stream.ts';
import { startControlApi } from '#test/support/control-api.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let api: Awaited<ReturnType<typeof startControlApi>>;
let dataDir: string;
let headers: Record<string, string>;

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  api = await startControlApi(database.client);
  headers = { authorization: `Bearer ${api.tokens[0]}` };
});
afterAll(async () => {
  await api.close();
  await database.close();
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'headend-own-stream-'));
  await writeLocalState(dataDir, { adminToken: api.tokens[0], viewerTokenKeys: '', streams: {} });
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

/** Runs the next start. Returns its stream. */
async function start({ needsKey = false } = {}) {
  const state = await readLocalState(dataDir);
  if (state === null) throw new Error('no state');
  const client = new ControlApiClient({ apiUrl: `${api.url}/api`, token: api.tokens[0] });
  const options = { title: 'Mine', state, api: client, dataDir, streams: api.streams };
  return needsKey ? ownStreamWithKey(options) : ownStream(options);
}

async function rotateKey({ id }: OwnStream): Promise<void> {
  expect((await fetch(`${api.url}/api/streams/${id}/key`, { method: 'POST', headers })).status).toBe(200);
}

test('the stream is created once and then kept', async () => {
  const stream = await start();
  expect(await start()).toEqual(stream);
  expect((await fetch(`${api.url}/api/streams/${stream.id}`, { headers })).status).toBe(200);
});

test('a deleted stream is replaced, because its key would be refused', async () => {
  const deleted = await start();
  await fetch(`${api.url}/api/streams/${deleted.id}`, { method: 'DELETE', headers });
  const stream = await start();
  expect(stream.id).not.toBe(deleted.id);
  expect(await start()).toEqual(stream);
});

test('after a rotation no key is shown, and the new one stays valid', async () => {
  const { id, playbackId } = await start();
  await rotateKey({ id, playbackId, streamKey: null });
  const { keyHash } = (await api.streams.get(id)) ?? {};
  expect(await start()).toEqual({ id, playbackId, streamKey: null });
  expect((await api.streams.get(id))?.keyHash).toBe(keyHash);
});

test('a caller that needs a key gets a new one for the same stream', async () => {
  const first = await start();
  await rotateKey(first);
  const second = await start({ needsKey: true });
  expect(second).toMatchObject({ id: first.id, playbackId: first.playbackId });
  expect((await api.streams.findByKeyHash(hashSecret(second.streamKey ?? '')))?.id).toBe(first.id);
  expect(await start()).toEqual(second);
});

test('the addresses are the current ones of the stream', async () => {
  const { id, playbackId, streamKey } = await start();
  await fetch(`${api.url}/api/streams/${id}`, {
    method: 'PATCH',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ playback: 'token' }),
  });
  const now = await start();
  expect(now.playbackId).not.toBe(playbackId);
  expect(now).toEqual({ id, streamKey, playbackId: (await api.streams.get(id))?.playbackId });
});
