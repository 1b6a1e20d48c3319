import { hashSecret } from '#domain/stream-ids.ts';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createIdempotencyStore } from '#runtime/idempotency-store.ts';
import { StoreUnavailableError } from '#runtime/store-unavailable.ts';
import { startControlApi } from '#test/support/control-api.ts';
import { makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const KEY = { 'Idempotency-Key': 'once' };
type BrokenApi = Pick<ApiWithDatabase, 'call' | 'close'>;

let api: ApiWithDatabase;
/** An API on the same database that fails when it records a request as completed. */
let breaksAtFinish: BrokenApi;
/** An API on the same database that fails when it ends a live publish. */
let breaksAtEnd: BrokenApi;

beforeEach(async () => {
  api = await startApiWithDatabase();
  const bootstrapHashes = api.tokens.map(hashSecret);
  const fail = async () => {
    throw new StoreUnavailableError('throttled');
  };
  const idempotency = createIdempotencyStore({ client: api.client, tables: TEST_TABLES });
  breaksAtFinish = await startControlApi(api.client, Date.now, {
    bootstrapHashes,
    idempotency: { ...idempotency, finish: fail },
  });
  breaksAtEnd = await startControlApi(api.client, Date.now, {
    bootstrapHashes,
    live: { ...api.live, requestEnd: fail },
  });
});
afterEach(async () => {
  for (const server of [breaksAtFinish, breaksAtEnd, api]) await server.close();
});

/** Sends a request to an API that fails halfway. */
async function break503(broken: BrokenApi, path: string, body?: unknown) {
  const options = { token: api.tokens[0], ...KEY, ...(body === undefined ? {} : { body }) };
  expect((await broken.call('POST', path, options)).status).toBe(503);
}
/** Sends the same request to an API that works. */
const again = (path: string, body?: unknown) =>
  api.call('POST', path, { ...KEY, ...(body === undefined ? {} : { body }) });

const goLive = (streamId: string, owner: string) => api.live.begin(makePublish(streamId, { owner, version: null }));

async function create() {
  const { json } = await api.call('POST', '/api/streams');
  return { id: json.id as string, path: `/api/streams/${json.id}` };
}

describe('an interrupted rotation', () => {
  test.each(['breaksAtEnd', 'breaksAtFinish'] as const)('(%s) is completed by its repeat', async (name) => {
    const { id, path } = await create();
    await goLive(id, 'connection-1');
    await break503(name === 'breaksAtEnd' ? breaksAtEnd : breaksAtFinish, `${path}/key`);
    const { status, json } = await again(`${path}/key`);
    expect([status, json.version, json.status]).toEqual([200, 2, 'idle']);
    expect(await api.streams.findByKeyHash(hashSecret(json.streamKey))).toMatchObject({ id });
  });

  test.each(['breaksAtEnd', 'breaksAtFinish'] as const)(
    '(%s) does not undo the rotation of another admin',
    async (name) => {
      const { id, path } = await create();
      await break503(name === 'breaksAtEnd' ? breaksAtEnd : breaksAtFinish, `${path}/key`);
      const other = await api.call('POST', `${path}/key`, { token: api.tokens[1] });
      await goLive(id, 'connection-2');
      const { status, json } = await again(`${path}/key`);
      expect([status, json.status]).toEqual([409, 409]);
      expect(await api.streams.findByKeyHash(hashSecret(other.json.streamKey))).toMatchObject({ id, version: 3 });
      expect(await api.live.get(id)).toMatchObject({ owner: 'connection-2' });
    },
  );

  test('is completed if only settings have changed since, and disconnects nobody with the new key', async () => {
    const { id, path } = await create();
    await break503(breaksAtFinish, `${path}/key`);
    await api.call('PATCH', path, { body: { title: 'Changed' } });
    await goLive(id, 'connection-2');
    const { status, json } = await again(`${path}/key`);
    expect([status, json.title, json.version, json.status]).toEqual([200, 'Changed', 3, 'live']);
  });
});

test('an interrupted creation does not bring back a stream that was deleted since', async () => {
  await break503(breaksAtFinish, '/api/streams', { title: 'Once' });
  const { json } = await api.call('GET', '/api/streams');
  await api.call('DELETE', `/api/streams/${json.streams[0].id}`, { token: api.tokens[1] });
  expect((await again('/api/streams', { title: 'Once' })).status).toBe(409);
  expect((await api.call('GET', '/api/streams')).json.streams).toEqual([]);
});

test('an interrupted creation fails once the deletion of its stream has begun', async () => {
  await break503(breaksAtFinish, '/api/streams', { title: 'Once' });
  const { json } = await api.call('GET', '/api/streams');
  const path = `/api/streams/${json.streams[0].id}`;
  expect((await breaksAtEnd.call('DELETE', path, { token: api.tokens[0] })).status).toBe(503);
  expect((await again('/api/streams', { title: 'Once' })).status).toBe(409);
});

test('an interrupted creation is completed by its repeat', async () => {
  await break503(breaksAtFinish, '/api/streams', { title: 'Once' });
  const { json } = await api.call('GET', '/api/streams');
  expect(await again('/api/streams', { title: 'Once' })).toMatchObject({ status: 201, json: json.streams[0] });
});

test('an interrupted creation of a token does not bring back the token after it was revoked', async () => {
  await break503(breaksAtFinish, '/api/tokens', { name: 'CI' });
  const { json } = await api.call('GET', '/api/tokens');
  await api.call('DELETE', `/api/tokens/${json.tokens[0].id}`, { token: api.tokens[1] });
  expect((await again('/api/tokens', { name: 'CI' })).status).toBe(409);
  expect((await api.call('GET', '/api/tokens')).json.tokens).toEqual([]);
});

describe('a repeated stop', () => {
  test('gets the same response and does not end the next broadcast', async () => {
    const { id, path } = await create();
    await goLive(id, 'connection-1');
    expect((await again(`${path}/stop`)).json).toEqual({ wasLive: true });
    await goLive(id, 'connection-2');
    expect(await again(`${path}/stop`)).toMatchObject({ status: 202, json: { wasLive: true } });
    expect(await api.live.get(id)).toMatchObject({ owner: 'connection-2' });
  });

  test('stops the broadcast that the first attempt meant', async () => {
    const { id, path } = await create();
    await goLive(id, 'connection-1');
    await break503(breaksAtEnd, `${path}/stop`);
    expect(await again(`${path}/stop`)).toMatchObject({ status: 202, json: { wasLive: true } });
    expect(await api.live.get(id)).toBeNull();
  });

  test.each(['breaksAtEnd', 'breaksAtFinish'] as const)(
    '(%s) is a 409 if another broadcast has begun since',
    async (name) => {
      const { id, path } = await create();
      await goLive(id, 'connection-1');
      await break503(name === 'breaksAtEnd' ? breaksAtEnd : breaksAtFinish, `${path}/stop`);
      await goLive(id, 'connection-2');
      expect((await again(`${path}/stop`)).status).toBe(409);
      expect(await api.live.get(id)).toMatchObject({ owner: 'connection-2' });
    },
  );

  test('stops nothing if nothing was live at first', async () => {
    const { id, path } = await create();
    await break503(breaksAtFinish, `${path}/stop`);
    await goLive(id, 'connection-1');
    expect(await again(`${path}/stop`)).toMatchObject({ status: 202, json: { wasLive: false } });
    expect(await api.live.get(id)).toMatchObject({ owner: 'connection-1' });
  });
});

describe('a stream that only a backend knows', () => {
  const BACKEND_ID = 'Channel_1-main';
  const path = `/api/streams/${BACKEND_ID}/stop`;

  test('is stopped while it is live, and is a 404 afterwards', async () => {
    await goLive(BACKEND_ID, 'connection-1');
    expect(await api.call('POST', path)).toMatchObject({ status: 202, json: { wasLive: true } });
    expect(await api.live.get(BACKEND_ID)).toBeNull();
    expect((await api.call('POST', path)).status).toBe(404);
  });

  test('gives the same response to a repeated stop', async () => {
    await goLive(BACKEND_ID, 'connection-1');
    expect((await again(path)).status).toBe(202);
    expect(await again(path)).toMatchObject({ status: 202, json: { wasLive: true } });
  });

  test.each(['never-seen', 'a'.repeat(3_000), '%00', 'a.b'])('with the id %.20s is a 404', async (id) => {
    expect((await api.call('POST', `/api/streams/${id}/stop`)).status).toBe(404);
  });
});
