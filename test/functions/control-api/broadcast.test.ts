import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { hashSecret } from '#domain/stream-ids.ts';
import { decide } from '#functions/ingest-auth/decide.ts';
import { makeBroadcastState } from '#kit/stream-record.ts';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { LEASE_DURATION_MS } from '#runtime/live-store.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

let api: ApiWithDatabase;

beforeAll(async () => {
  api = await startApiWithDatabase();
});
afterAll(() => api.close());

/** Creates a stream that connection-1 publishes. */
async function createLive() {
  const { json } = await api.call('POST', '/api/streams');
  const { streamKey, ...stream } = json;
  await api.live.begin(makePublish(stream.id));
  return { stream, streamKey, path: `/api/streams/${stream.id}` };
}

const heartbeat = (streamId: string) => api.live.heartbeat(makeHeartbeat(streamId));

/** Authorises a publish with this key, and returns the arguments with which it begins. */
async function allow(streamKey: string) {
  const record = await api.streams.findByKeyHash(hashSecret(streamKey));
  const decision = decide(record, { streamKey, sourceAddress: '192.0.2.1' }, Date.now());
  if (!decision.allow) throw new Error(decision.description);
  const { streamId, version } = decision.stream;
  return makePublish(streamId, { version });
}

test.each([
  ['rotation', 'POST', '/key', 200],
  ['deletion', 'DELETE', '', 204],
] as const)(
  'a %s ends a publish that was authorised just before it and begins just after it',
  async (_, method, path, status) => {
    const { json } = await api.call('POST', '/api/streams');
    const allowed = await allow(json.streamKey);
    const answer = await api.call(method, `/api/streams/${json.id}${path}`);
    expect(answer.status).toBe(status);
    expect(await api.live.begin(allowed)).toBeNull();
    if (method === 'POST') expect(await api.live.begin(await allow(answer.json.streamKey))).not.toBeNull();
  },
);

test('a change of settings does not end a publish that was authorised just before it', async () => {
  const { json } = await api.call('POST', '/api/streams');
  const allowed = await allow(json.streamKey);
  await api.call('PATCH', `/api/streams/${json.id}`, { body: { title: 'Another' } });
  expect(await api.live.begin(allowed)).not.toBeNull();
});

describe('a rotated key', () => {
  test('is shown once and works, the old key does not, and its publisher is disconnected', async () => {
    const { stream, streamKey, path } = await createLive();
    const { status, json, headers } = await api.call('POST', `${path}/key`);
    const { streamKey: newKey, ...shown } = json;
    expect(status).toBe(200);
    expect(headers.get('ETag')).toBe('"2"');
    expect(shown).toEqual({ ...stream, version: 2, updatedAt: expect.any(String) });
    expect(newKey).toMatch(/^[a-z2-7]{32}$/);
    expect(newKey).not.toBe(streamKey);
    expect(await api.streams.findByKeyHash(hashSecret(streamKey))).toBeNull();
    expect(await api.streams.findByKeyHash(hashSecret(newKey))).toMatchObject({ id: stream.id });
    expect(await heartbeat(stream.id)).toEqual({ held: false, reason: 'key-rotated' });
    expect((await api.call('GET', path)).json).toEqual(shown);
    expect(api.logLines.join()).not.toContain(newKey);
  });

  test('is the only valid key after many rotations at once', async () => {
    const { stream, path } = await createLive();
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.call('POST', `${path}/key`)));
    const keys = answers.filter(({ status }) => status === 200).map(({ json }) => json.streamKey);
    const owners = await Promise.all(keys.map((key) => api.streams.findByKeyHash(hashSecret(key))));
    expect(owners.filter((owner) => owner?.id === stream.id)).toHaveLength(1);
    for (const { status } of answers) expect([200, 409]).toContain(status);
  });

  test('is the only one that is stored after many rotations at once', async () => {
    const { stream, path } = await createLive();
    await Promise.all(Array.from({ length: 6 }, () => api.call('POST', `${path}/key`)));
    const { Items = [] } = await api.client.send(new ScanCommand({ TableName: TEST_TABLES.STREAM_KEYS_TABLE }));
    const { keyHash } = (await api.streams.get(stream.id)) ?? {};
    expect(Items.filter(({ streamId }) => streamId === stream.id)).toEqual([{ keyHash, streamId: stream.id }]);
  });

  test('of an unknown stream is a 404', async () => {
    expect((await api.call('POST', '/api/streams/aaaaaaaaaaaaaaaa/key')).status).toBe(404);
  });
});

describe('a backup key', () => {
  test('is shown once, works beside the stream key, and disconnects nobody', async () => {
    const { stream, streamKey, path } = await createLive();
    const { status, json, headers } = await api.call('POST', `${path}/backup-key`, { body: { failoverMs: 3000 } });
    const { backupKey, ...shown } = json;
    expect([status, headers.get('ETag')]).toEqual([200, '"2"']);
    expect(shown).toMatchObject({ id: stream.id, backup: { failoverMs: 3000 }, version: 2, status: 'live' });
    expect(JSON.stringify(shown)).not.toContain(hashSecret(backupKey));
    for (const key of [streamKey, backupKey])
      expect(await api.streams.findByKeyHash(hashSecret(key))).toMatchObject({ id: stream.id });
    expect(await heartbeat(stream.id)).toEqual({ held: true, reason: null });
    expect((await api.call('GET', path)).json).toEqual(shown);
    expect(api.logLines.join()).not.toContain(backupKey);
    expect(api.logLines.join()).not.toContain(hashSecret(backupKey));
  });

  test('that is replaced or taken away stops working, and whoever publishes is disconnected', async () => {
    const { stream, path } = await createLive();
    const first = (await api.call('POST', `${path}/backup-key`)).json;
    expect(first.backup).toEqual({ failoverMs: 2000 });
    const second = (await api.call('POST', `${path}/backup-key`)).json;
    expect(await api.streams.findByKeyHash(hashSecret(first.backupKey))).toBeNull();
    expect(await heartbeat(stream.id)).toEqual({ held: false, reason: 'key-rotated' });
    expect(await api.live.begin(await allow(second.backupKey))).not.toBeNull();
    expect((await api.call('DELETE', `${path}/backup-key`)).status).toBe(204);
    expect(await api.streams.findByKeyHash(hashSecret(second.backupKey))).toBeNull();
    expect((await api.call('GET', path)).json).toMatchObject({ backup: null, version: 4 });
    expect((await api.call('DELETE', `${path}/backup-key`)).status).toBe(204);
    expect((await api.call('GET', path)).json.version).toBe(4);
  });

  test('survives a rotation of the stream key', async () => {
    const { stream, path } = await createLive();
    const { backupKey } = (await api.call('POST', `${path}/backup-key`)).json;
    await api.call('POST', `${path}/key`);
    expect(await api.streams.findByKeyHash(hashSecret(backupKey))).toMatchObject({ id: stream.id });
  });

  test('is made once under an Idempotency-Key', async () => {
    const { path } = await createLive();
    const headers = { 'Idempotency-Key': 'once' };
    const first = await api.call('POST', `${path}/backup-key`, headers);
    expect((await api.call('POST', `${path}/backup-key`, headers)).json).toEqual(first.json);
  });

  test.each([{ failoverMs: 499 }, { failoverMs: 30_001 }, { failoverMs: 'soon' }, { failover: 1 }])(
    'with %j is a 422',
    async (body) => {
      const { path } = await createLive();
      expect((await api.call('POST', `${path}/backup-key`, { body })).status).toBe(422);
    },
  );

  test('is not made for another version than the one that is named', async () => {
    const { path } = await createLive();
    expect((await api.call('POST', `${path}/backup-key`, { 'If-Match': '"2"' })).status).toBe(412);
    expect((await api.call('DELETE', `${path}/backup-key`, { 'If-Match': '"2"' })).status).toBe(412);
  });
});

describe('stop', () => {
  test('disconnects the publisher and keeps the key valid', async () => {
    const { stream, streamKey, path } = await createLive();
    const { status, json } = await api.call('POST', `${path}/stop`);
    expect([status, json]).toEqual([202, { wasLive: true }]);
    expect(await heartbeat(stream.id)).toEqual({ held: false, reason: 'stopped' });
    expect((await api.call('GET', path)).json).toEqual(stream);
    expect(await api.streams.findByKeyHash(hashSecret(streamKey))).toMatchObject({ id: stream.id });
  });

  test('of a stream that waits for its publisher ends it, and there was no publisher to disconnect', async () => {
    const { stream, path } = await createLive();
    const waiting = makeHeartbeat(stream.id, {
      owner: null,
      broadcast: makeBroadcastState({ publisherGoneAtMs: Date.now() }),
    });
    await api.live.heartbeat(waiting);
    const { status, json } = await api.call('POST', `${path}/stop`);
    expect([status, json]).toEqual([202, { wasLive: false }]);
    expect(await api.live.heartbeat(waiting)).toEqual({ held: true, reason: 'stopped' });
  });

  test('of a stream that has ended stops nothing', async () => {
    const { stream, path } = await createLive();
    const broadcast = makeBroadcastState({ publisherGoneAtMs: Date.now(), endedAtMs: Date.now() });
    const ended = makeHeartbeat(stream.id, { owner: null, broadcast });
    await api.live.heartbeat(ended);
    expect((await api.call('POST', `${path}/stop`)).json).toEqual({ wasLive: false });
    expect(await api.live.heartbeat(ended)).toEqual({ held: true, reason: null });
  });

  test('of an idle stream stops nothing', async () => {
    const { path } = await createLive();
    await api.call('POST', `${path}/stop`);
    const { status, json } = await api.call('POST', `${path}/stop`);
    expect([status, json]).toEqual([202, { wasLive: false }]);
  });

  test('of a stream whose encoder is gone stops nothing', async () => {
    const { json } = await api.call('POST', '/api/streams');
    await api.live.begin(makePublish(json.id, { nowMs: Date.now() - LEASE_DURATION_MS }));
    expect((await api.call('POST', `/api/streams/${json.id}/stop`)).json).toEqual({ wasLive: false });
  });

  test.each(['aaaaaaaaaaaaaaaa', 'unknown'])('of stream %s is a 404', async (id) => {
    expect((await api.call('POST', `/api/streams/${id}/stop`)).status).toBe(404);
  });
});
