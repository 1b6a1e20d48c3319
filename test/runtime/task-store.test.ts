import { createServer } from 'node:http';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { makeTaskHeartbeat } from '#kit/task-record.ts';
import { documentClientFor, startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createTaskStore, type TaskStore } from '#runtime/task-store.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');
const HEARTBEAT = makeTaskHeartbeat({ heartbeatUntilMs: NOW_MS + 8_000 });
const { taskId } = HEARTBEAT;
const NOT_ASKED = { drainRequested: false };
const ASKED = { drainRequested: true };

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: TaskStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createTaskStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

test('a task is listed as its last heartbeat says', async () => {
  expect(await store.list()).toEqual([]);
  expect(await store.heartbeat(HEARTBEAT)).toEqual(NOT_ASKED);
  expect(await store.list()).toEqual([{ ...HEARTBEAT, drainRequestedAt: null }]);
  const next = {
    ...HEARTBEAT,
    address: '10.64.0.9:8081',
    state: 'draining',
    heartbeatUntilMs: NOW_MS + 9_000,
    revision: null,
    room: { capacityVCpus: 2, usedVCpus: 0 },
    streamIds: [],
  } as const;
  expect(await store.heartbeat(next)).toEqual(NOT_ASKED);
  expect(await store.list()).toEqual([{ ...next, drainRequestedAt: null }]);
});

test('the record of a dead task expires a day after its last heartbeat', async () => {
  await store.heartbeat(HEARTBEAT);
  const { Item } = await database.client.send(
    new GetCommand({ TableName: TEST_TABLES.TASKS_TABLE, Key: { taskId }, ConsistentRead: true }),
  );
  expect(Item?.expiresAtSeconds).toBe(Math.floor(HEARTBEAT.heartbeatUntilMs / 1000) + 24 * 3600);
});

test('a task that is asked to drain hears it from every heartbeat, and the first request counts', async () => {
  await store.heartbeat(HEARTBEAT);
  await store.heartbeat(makeTaskHeartbeat({ taskId: 'other' }));
  expect(await store.requestDrain(taskId, NOW_MS)).toBe(true);
  expect(await store.heartbeat(HEARTBEAT)).toEqual(ASKED);
  expect(await store.requestDrain(taskId, NOW_MS + 1_000)).toBe(true);
  expect(await store.heartbeat({ ...HEARTBEAT, state: 'draining' })).toEqual(ASKED);
  expect(await store.heartbeat(makeTaskHeartbeat({ taskId: 'other' }))).toEqual(NOT_ASKED);
  expect(await store.list()).toContainEqual({
    ...HEARTBEAT,
    state: 'draining',
    drainRequestedAt: new Date(NOW_MS).toISOString(),
  });
});

test('a whole record as a heartbeat does not take the request back', async () => {
  await store.heartbeat(HEARTBEAT);
  const [record = null] = await store.list();
  await store.requestDrain(taskId, NOW_MS);
  expect(await store.heartbeat(record ?? HEARTBEAT)).toEqual(ASKED);
  expect(record).toHaveProperty('drainRequestedAt', null);
});

test('another process with the same id is not asked what its predecessor was', async () => {
  await store.heartbeat(HEARTBEAT);
  await store.requestDrain(taskId, NOW_MS);
  const successor = { ...HEARTBEAT, startedAt: '2025-01-02T04:00:00.000Z' };
  expect(await store.heartbeat(successor)).toEqual(NOT_ASKED);
  expect(await store.heartbeat(successor)).toEqual(NOT_ASKED);
  expect(await store.list()).toEqual([{ ...successor, drainRequestedAt: null }]);
  await store.requestDrain(taskId, NOW_MS);
  expect(await store.heartbeat(successor)).toEqual(ASKED);
});

test('a task that never was, is dead or has ended cannot be asked, and gets no record', async () => {
  expect(await store.requestDrain(taskId, NOW_MS)).toBe(false);
  expect(await store.list()).toEqual([]);
  await store.heartbeat(HEARTBEAT);
  expect(await store.requestDrain(taskId, HEARTBEAT.heartbeatUntilMs)).toBe(false);
  expect(await store.heartbeat(HEARTBEAT)).toEqual(NOT_ASKED);
  await store.remove(taskId);
  await store.remove(taskId);
  expect(await store.requestDrain(taskId, NOW_MS)).toBe(false);
  expect(await store.list()).toEqual([]);
});

test('only the named task is removed, and with it what it was asked', async () => {
  const other = makeTaskHeartbeat({ taskId: 'other' });
  await Promise.all([store.heartbeat(HEARTBEAT), store.heartbeat(other)]);
  await store.requestDrain(taskId, NOW_MS);
  await store.remove(taskId);
  expect(await store.list()).toEqual([{ ...other, drainRequestedAt: null }]);
  expect(await store.heartbeat(HEARTBEAT)).toEqual(NOT_ASKED);
});

test('a list holds every task, however many pages DynamoDB needs', async () => {
  // A page ends at a megabyte.
  const streamIds = Array.from({ length: 5_000 }, (_, index) => `${index}-${'a'.repeat(58)}`);
  const taskIds = Array.from({ length: 7 }, (_, index) => `task-${index}`);
  await Promise.all(taskIds.map((id) => store.heartbeat(makeTaskHeartbeat({ taskId: id, streamIds }))));
  const listed = await store.list();
  expect(listed.map((task) => task.taskId).sort()).toEqual(taskIds);
});

test('a list that does not end is an error', async () => {
  let pages = 0;
  const server = await listenOnLoopback(
    createServer((request, response) => {
      request.resume();
      pages += 1;
      response.setHeader('Content-Type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify({ Items: [], LastEvaluatedKey: { taskId: { S: `task-${pages}` } } }));
    }),
  );
  const client = documentClientFor(server.url);
  const endless = createTaskStore({ client, tables: TEST_TABLES });
  await expect(endless.list()).rejects.toThrow('there are more than 10 pages of tasks');
  expect(pages).toBe(10);
  client.destroy();
  await server.close();
});

test('a heartbeat that is aborted rejects', async () => {
  const aborted = store.heartbeat(HEARTBEAT, { signal: AbortSignal.abort() });
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  expect(await store.list()).toEqual([]);
});
