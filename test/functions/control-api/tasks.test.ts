import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { TASK_LEASE_MS, type TaskHeartbeat } from '#domain/tasks.ts';
import { makeTaskHeartbeat } from '#kit/task-record.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');
const STARTED_AT = '2025-01-02T03:00:00.000Z';
const ECS_ID = '0123456789abcdef0123456789abcdef';
let nowMs: number;
let api: ApiWithDatabase;

beforeEach(async () => {
  nowMs = NOW_MS;
  api = await startApiWithDatabase(() => nowMs);
});
afterEach(() => api.close());

const beat = (changes: Partial<TaskHeartbeat> = {}) =>
  api.tasks.heartbeat(
    makeTaskHeartbeat({ startedAt: STARTED_AT, heartbeatUntilMs: nowMs + TASK_LEASE_MS, ...changes }),
  );
const listTasks = async () => (await api.call('GET', '/api/tasks')).json.tasks;
const listedStates = async () => (await listTasks()).map(({ id, state }: { id: string; state: string }) => [id, state]);
const drain = (id: string, key?: string) =>
  api.call('POST', `/api/tasks/${id}/drain`, key === undefined ? {} : { 'Idempotency-Key': key });

test('without tasks the list is empty', async () => {
  expect(await api.call('GET', '/api/tasks')).toMatchObject({ status: 200, json: { tasks: [] } });
});

test('a task is shown with its room and its streams, and without its private address', async () => {
  const room = { capacityVCpus: 4, usedVCpus: 0.1 + 0.2 };
  await beat({ taskId: ECS_ID, room, streamIds: ['stream-1', 'Channel_2'] });
  expect(await listTasks()).toEqual([
    {
      id: ECS_ID,
      state: 'active',
      startedAt: STARTED_AT,
      room: { capacityVCpus: 4, usedVCpus: 0.3, freeVCpus: 3.7 },
      streams: [{ id: 'stream-1' }, { id: 'Channel_2' }],
    },
  ]);
});

test('the oldest task is first', async () => {
  await beat({ taskId: '3-aaaaaa', startedAt: '2025-01-02T03:00:01.000Z' });
  await beat({ taskId: '2-aaaaaa', startedAt: '2025-01-02T02:00:00.000Z' });
  await beat({ taskId: '1-aaaaaa', startedAt: '2025-01-02T03:00:01.000Z' });
  expect((await listedStates()).flat()).toEqual(['2-aaaaaa', 'active', '1-aaaaaa', 'active', '3-aaaaaa', 'active']);
});

test('a task whose heartbeat is over is lost, and is left out after a minute', async () => {
  await beat();
  nowMs += TASK_LEASE_MS - 1;
  expect(await listedStates()).toEqual([['1-3fa9c2', 'active']]);
  nowMs += 1;
  expect(await listedStates()).toEqual([['1-3fa9c2', 'lost']]);
  nowMs += 60_000;
  expect(await listedStates()).toEqual([['1-3fa9c2', 'lost']]);
  nowMs += 1;
  expect(await listedStates()).toEqual([]);
});

test('a draining task that stops reporting is lost', async () => {
  await beat({ state: 'draining' });
  expect(await listedStates()).toEqual([['1-3fa9c2', 'draining']]);
  nowMs += TASK_LEASE_MS;
  expect(await listedStates()).toEqual([['1-3fa9c2', 'lost']]);
});

test('a task that is asked to drain is shown as draining at once, and learns it from its heartbeat', async () => {
  await beat();
  await beat({ taskId: ECS_ID });
  expect(await drain(ECS_ID)).toMatchObject({ status: 202, json: { id: ECS_ID, state: 'draining' } });
  expect(await listedStates()).toEqual(
    expect.arrayContaining([
      ['1-3fa9c2', 'active'],
      [ECS_ID, 'draining'],
    ]),
  );
  expect(await beat({ taskId: ECS_ID })).toEqual({ drainRequested: true });
  expect(await beat()).toEqual({ drainRequested: false });
  expect((await drain(ECS_ID)).status).toBe(202);
});

test('a repeat of the same request has the same answer, even if the task has ended since', async () => {
  await beat();
  const first = await drain('1-3fa9c2', 'key-1');
  await api.tasks.remove('1-3fa9c2');
  const { status, json } = await drain('1-3fa9c2', 'key-1');
  expect({ status, json }).toEqual({ status: 202, json: first.json });
  expect((await drain('1-3fa9c2', 'key-2')).status).toBe(404);
  expect(await api.tasks.list()).toEqual([]);
});

test('a lost task is not found', async () => {
  await beat();
  nowMs += TASK_LEASE_MS;
  const { status, headers, json } = await drain('1-3fa9c2');
  expect([status, headers.get('Content-Type')]).toEqual([404, 'application/problem+json']);
  expect(json.detail).toBe('There is no running task with this id.');
  expect(await beat()).toEqual({ drainRequested: false });
});

test.each(['2-3fa9c2', '1', 'a'.repeat(65), 'a'.repeat(3_000), '%00', 'a_b', '*', '..%2f..'])(
  'a task with the id %.20s is not found',
  async (id) => {
    await beat();
    const { status, headers } = await drain(id);
    expect([status, headers.get('Content-Type')]).toEqual([404, 'application/problem+json']);
    expect(await api.tasks.list()).toHaveLength(1);
  },
);

test('every route requires an admin token', async () => {
  await beat();
  const token = generateSecret(randomBytes);
  expect((await api.call('GET', '/api/tasks', { token })).status).toBe(401);
  expect((await api.call('POST', '/api/tasks/1-3fa9c2/drain', { token })).status).toBe(401);
  expect(await beat()).toEqual({ drainRequested: false });
});
