import { makeTaskHeartbeat } from '#kit/task-record.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { startControlApi } from '#test/support/control-api.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let api: Awaited<ReturnType<typeof startControlApi>>;
let client: ControlApiClient;
beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  api = await startControlApi(database.client);
  client = new ControlApiClient({ apiUrl: `${api.url}/api`, token: api.tokens[0] });
});
afterAll(async () => {
  await api.close();
  await database.close();
});

test('a stream is created, changed and deleted', async () => {
  const { id, streamKey } = await client.createStream({ title: 'One' });
  expect(await client.updateStream(id, { title: 'Two' }, 1)).toMatchObject({ id, title: 'Two', version: 2 });
  expect((await client.rotateKey(id, 2)).streamKey).not.toBe(streamKey);
  expect(await client.stopStream(id)).toEqual({ wasLive: false });
  await client.deleteStream(id);
  await expect(client.getStream(id)).rejects.toMatchObject({ name: 'ApiError', kind: 'refused', status: 404 });
});

test('a task is listed and drained', async () => {
  const heartbeat = makeTaskHeartbeat();
  await api.tasks.heartbeat(heartbeat);
  const { taskId, startedAt } = heartbeat;
  const shown = { id: taskId, state: 'active', startedAt, streams: [{ id: heartbeat.streamIds[0] }] };
  expect(await client.listTasks()).toEqual([{ ...shown, room: { ...heartbeat.room, freeVCpus: 2.5 } }]);
  expect(await client.drainTask(taskId)).toEqual({ id: taskId, state: 'draining' });
  expect(await client.listTasks()).toMatchObject([{ id: taskId, state: 'draining' }]);
  await expect(client.drainTask('a/b')).rejects.toMatchObject({ kind: 'refused', status: 404 });
});

test('a refusal has its status, and one line for each field', async () => {
  await expect(client.createStream({ ladder: '9p', latency: 'none' })).rejects.toMatchObject({
    kind: 'refused',
    status: 422,
    message: expect.stringMatching(/^Refused \(422\): ladder: .+\nRefused \(422\): latency: .+$/),
  });
});

test('an address at which nothing listens gives no answer', async () => {
  const nowhere = new ControlApiClient({ apiUrl: 'http://127.0.0.1:1/api', token: api.tokens[0] });
  await expect(nowhere.getStream('aaaaaaaaaaaaaaaa')).rejects.toMatchObject({ kind: 'no-answer', status: null });
});
