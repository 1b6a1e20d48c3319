import pino from 'pino';
import type { TaskRecord } from '#domain/tasks.ts';
import { TaskRegistration } from '#encoder/cluster/task-registration.ts';
import { makeTaskHeartbeat } from '#kit/task-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createTaskStore, type TaskStore } from '#runtime/task-store.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: TaskStore;
let registration: TaskRegistration;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createTaskStore({ client: database.client, tables: TEST_TABLES });
  for (const taskId of ['lost-1', 'lost-2']) {
    await store.heartbeat(makeTaskHeartbeat({ taskId, heartbeatUntilMs: Date.now() - 1 }));
  }
});
afterEach(() => database.close());

const start = async (onLostTask: (task: TaskRecord) => Promise<boolean>): Promise<void> => {
  registration = new TaskRegistration({
    store,
    describe: () => makeTaskHeartbeat({ taskId: 'own' }),
    onDrainRequested: () => undefined,
    onTasks: () => undefined,
    onLostTask,
    now: Date.now,
    log: pino({ level: 'silent' }),
  });
  await registration.start();
};
const ids = async (): Promise<string[]> => (await store.list()).map(({ taskId }) => taskId).toSorted();
const ownLease = async () => (await store.list()).find(({ taskId }) => taskId === 'own')?.heartbeatUntilMs ?? 0;

test('a task that looks after a lost one for long goes on with its heartbeats', async () => {
  let finish: (isSettled: boolean) => void = () => undefined;
  await start(() => new Promise((resolve) => (finish = resolve)));
  const first = await ownLease();
  await waitFor('another heartbeat', async () => (await ownLease()) > first);
  finish(false);
  await registration.close();
});

test('a lost task that can not be looked after does not keep the others from it', async () => {
  await start(async ({ taskId }) => {
    if (taskId === (await ids())[0]) throw new Error('not now');
    return true;
  });
  await waitFor('the end of one record', async () => (await ids()).join() === 'lost-1,own');
  await registration.close();
  expect(await ids()).toEqual(['lost-1']);
});
