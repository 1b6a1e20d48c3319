import { randomBytes } from 'node:crypto';
import { UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { startControlApi } from '#test/support/control-api.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let api: Awaited<ReturnType<typeof startControlApi>> | undefined;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
});
afterEach(async () => {
  await api?.close();
  await database.close();
});

test("a new stream gets the deployment's defaults, and the OpenAPI document contains them", async () => {
  api = await startControlApi(database.client, Date.now, {
    defaults: { ladder: '1080p', latency: 'ultra', codecs: ['h264', 'hevc'], playback: 'token' },
  });
  expect((await api.call('POST', '/api/streams')).json).toMatchObject({
    ladder: '1080p',
    latency: 'ultra',
    codecs: ['h264', 'hevc'],
    playback: 'token',
  });
  const own = { ladder: '360p', latency: 'standard' };
  expect((await api.call('POST', '/api/streams', { body: own })).json).toMatchObject(own);
  const { components } = (await api.call('GET', '/api/openapi.json')).json;
  const { ladder, latency } = components.schemas.CreateStream.properties;
  expect([ladder.default, latency.default]).toEqual(['1080p', 'ultra']);
});

test('streams have an RTMPS URL, and the OpenAPI document says so', async () => {
  const addresses = {
    rtmpUrl: 'rtmp://ingest.example.com/live',
    rtmpsUrl: 'rtmps://ingest.example.com/live',
    playbackBaseUrl: 'https://live.example.com',
  };
  api = await startControlApi(database.client, Date.now, { addresses });
  const ingest = { rtmpUrl: addresses.rtmpUrl, rtmpsUrl: addresses.rtmpsUrl };
  const created = (await api.call('POST', '/api/streams')).json;
  expect(created.ingest).toEqual(ingest);
  expect((await api.call('GET', `/api/streams/${created.id}`)).json.ingest).toEqual(ingest);
  const { components } = (await api.call('GET', '/api/openapi.json')).json;
  const schema = components.schemas.Stream.properties.ingest;
  // A deployment has either or both.
  expect([Object.keys(schema.properties), schema.required]).toEqual([['rtmpUrl', 'rtmpsUrl'], undefined]);
});

test('in a deployment that takes RTMPS only, streams have no RTMP URL', async () => {
  const addresses = {
    rtmpUrl: null,
    rtmpsUrl: 'rtmps://ingest.example.com/live',
    playbackBaseUrl: 'https://a.example',
  };
  api = await startControlApi(database.client, Date.now, { addresses });
  expect((await api.call('POST', '/api/streams')).json.ingest).toEqual({ rtmpsUrl: addresses.rtmpsUrl });
});

describe('without bootstrap tokens', () => {
  test.each([
    ['none', ''],
    ['the hash of the empty text', `Bearer ${hashSecret('')}`],
    ['a wrong one', `Bearer ${generateSecret(randomBytes)}`],
    ['two quotes', 'Bearer ""'],
  ])('%s gives no access', async (_case, Authorization) => {
    api = await startControlApi(database.client, Date.now, { bootstrapHashes: [] });
    expect((await fetch(`${api.url}/api/streams`, { headers: { Authorization } })).status).toBe(401);
  });

  test('a token of the table gives access to the API', async () => {
    api = await startControlApi(database.client, Date.now, { bootstrapHashes: [] });
    const token = generateSecret(randomBytes);
    const tokenHash = hashSecret(token);
    const record = { id: secretId(tokenHash), name: 'first', tokenHash, createdAt: '2025-01-02T03:04:05.678Z' };
    await api.adminTokens.put({ ...record, ...UNLIMITED_TOKEN });
    expect((await api.call('GET', '/api/streams', { token })).status).toBe(200);
    expect((await api.call('GET', '/api/streams', { token: tokenHash })).status).toBe(401);
  });
});
