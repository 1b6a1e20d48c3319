import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { hashSecret } from '#domain/stream-ids.ts';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { IDEMPOTENCY_WINDOW_MS } from '#runtime/idempotency-store.ts';
import { makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');
let nowMs: number;
let api: ApiWithDatabase;

beforeEach(async () => {
  nowMs = NOW_MS;
  api = await startApiWithDatabase(() => nowMs);
});
afterEach(() => api.close());

const KEY = { 'Idempotency-Key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' };
const create = (options = {}) => api.call('POST', '/api/streams', { body: { title: 'Once' }, ...KEY, ...options });
const countStreams = async () => (await api.call('GET', '/api/streams')).json.streams.length;

test('a repeated creation gets the same response, including the key, and creates nothing', async () => {
  const first = await create();
  nowMs += 60_000;
  const second = await create();
  expect(first.status).toBe(201);
  expect([second.status, second.json]).toEqual([201, first.json]);
  expect(second.headers.get('Location')).toBe(first.headers.get('Location'));
  expect(await countStreams()).toBe(1);
  expect(await api.streams.findByKeyHash(hashSecret(second.json.streamKey))).toMatchObject({ id: first.json.id });
});

test('concurrent repeats create one stream', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => create()));
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201));
  for (const { json } of answers) expect(json).toEqual(answers[0]?.json);
  expect(await countStreams()).toBe(1);
});

test('no secret is stored', async () => {
  const { json } = await create();
  const { json: rotated } = await api.call('POST', `/api/streams/${json.id}/key`, { 'Idempotency-Key': 'rotate' });
  const { json: token } = await api.call('POST', '/api/tokens', { body: { name: 'CI' }, 'Idempotency-Key': 'token' });
  const tables = Object.values(TEST_TABLES).map((TableName) => api.client.send(new ScanCommand({ TableName })));
  const stored = JSON.stringify((await Promise.all(tables)).map(({ Items }) => Items));
  expect(stored).toContain(json.id);
  for (const secret of [json.streamKey, rotated.streamKey, token.token, api.tokens[0], KEY['Idempotency-Key']]) {
    expect(stored).not.toContain(secret);
  }
});

test('the order of fields and explicit defaults do not make it another request', async () => {
  const first = await create({ body: { title: 'Once', ladder: '720p' } });
  const second = await create({ body: { ladder: '720p', title: ' Once ', latency: 'low' } });
  expect(second.json).toEqual(first.json);
});

test('the same key with another body or path is a 422', async () => {
  const { json: stream } = await create();
  for (const [path, body] of [
    ['/api/streams', { title: 'Twice' }],
    [`/api/streams/${stream.id}/key`, undefined],
    ['/api/tokens', { name: 'Once' }],
  ] as const) {
    const { status, json } = await api.call('POST', path, { ...KEY, ...(body === undefined ? {} : { body }) });
    expect([status, json.detail]).toEqual([422, 'This Idempotency-Key was used for another request.']);
  }
  expect(await countStreams()).toBe(1);
});

test('the same key from another admin is another request, with other secrets', async () => {
  const first = await create();
  const second = await create({ token: api.tokens[1] });
  expect(second.status).toBe(201);
  expect(second.json.id).not.toBe(first.json.id);
  expect(second.json.streamKey).not.toBe(first.json.streamKey);
});

test('a key can be used again after a day', async () => {
  const first = await create();
  nowMs += IDEMPOTENCY_WINDOW_MS + 1_000;
  const second = await create();
  expect(second.status).toBe(201);
  expect(second.json.id).not.toBe(first.json.id);
  expect(await countStreams()).toBe(2);
});

test('a repeat does not create a deleted stream again', async () => {
  const { json } = await create();
  await api.call('DELETE', `/api/streams/${json.id}`);
  expect((await create()).status).toBe(409);
  expect(await countStreams()).toBe(0);
});

test('a repeated creation returns the current stream, and no key that was replaced', async () => {
  const { json } = await create();
  const path = `/api/streams/${json.id}`;
  await api.call('PATCH', path, { body: { title: 'Changed' } });
  const repeated = await create();
  expect(repeated.json).toEqual({ ...json, title: 'Changed', version: 2 });
  await api.call('POST', `${path}/key`);
  expect((await create()).status).toBe(409);
});

test('a refused request can be repeated with the same key', async () => {
  const { json } = await api.call('POST', '/api/streams');
  const rotate = (ifMatch: string) => api.call('POST', `/api/streams/${json.id}/key`, { ...KEY, 'If-Match': ifMatch });
  expect((await rotate('"7"')).status).toBe(412);
  expect((await rotate('"1"')).status).toBe(200);
});

test('a repeated rotation returns the same new key and disconnects nobody, until the key is replaced', async () => {
  const { json: stream } = await api.call('POST', '/api/streams');
  const path = `/api/streams/${stream.id}`;
  const rotate = () => api.call('POST', `${path}/key`, { ...KEY, 'If-Match': '"1"' });
  const first = await rotate();
  await api.live.begin(makePublish(stream.id, { version: 2, nowMs }));
  const second = await rotate();
  expect([second.status, second.json.streamKey]).toEqual([200, first.json.streamKey]);
  expect(second.json).toMatchObject({ version: 2, status: 'live' });
  await api.call('POST', `${path}/key`);
  expect((await rotate()).status).toBe(409);
});

test('a repeated creation of a token gets the same response, until the token is revoked', async () => {
  const make = () => api.call('POST', '/api/tokens', { ...KEY, body: { name: 'CI' } });
  const first = await make();
  const second = await make();
  expect([second.status, second.json]).toEqual([201, first.json]);
  expect((await api.call('GET', '/api/tokens')).json.tokens).toHaveLength(1);
  await api.call('DELETE', `/api/tokens/${first.json.id}`);
  expect((await make()).status).toBe(409);
  expect((await api.call('GET', '/api/tokens')).json.tokens).toEqual([]);
});

test.each(['', 'a b', 'a'.repeat(256)])('the key %j is not valid', async (key) => {
  const { status, json } = await create({ 'Idempotency-Key': key });
  expect([status, json.errors[0].field]).toEqual([422, 'idempotency-key']);
});

test('requests without a key are separate', async () => {
  const answers = [await api.call('POST', '/api/streams'), await api.call('POST', '/api/streams')];
  expect(new Set(answers.map(({ json }) => json.id)).size).toBe(2);
});
