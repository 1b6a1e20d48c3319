import { makeTaskHeartbeat } from '#kit/task-record.ts';
import { callStreamCli, runStreamCli, startCliApi } from './stream-cli.ts';

const STARTED_AT = '2025-01-02T03:04:05.678Z';
let api: Awaited<ReturnType<typeof startCliApi>>;
beforeEach(async () => {
  api = await startCliApi();
});
afterEach(() => api.close());

const call = (...args: string[]) => callStreamCli(['tasks', ...args], api.environment);

async function startTasks() {
  const one = makeTaskHeartbeat({ taskId: '1-3fa9c2', startedAt: STARTED_AT, streamIds: ['stream-1', 'stream-2'] });
  const room = { capacityVCpus: 2, usedVCpus: 0 };
  const ten = makeTaskHeartbeat({ taskId: '10-11aa11', startedAt: STARTED_AT, state: 'draining', room, streamIds: [] });
  await api.tasks.heartbeat(one);
  await api.tasks.heartbeat(ten);
  return { one, ten };
}

test('tasks are listed as a table and as JSON', async () => {
  expect(await call()).toEqual({ code: 0, stdout: 'There are no tasks.\n', stderr: '' });
  const { one } = await startTasks();
  expect(await runStreamCli(['tasks'], api.environment)).toEqual({
    code: 0,
    stdout: [
      'ID         STATE     STREAMS  VCPUS     STARTED',
      `1-3fa9c2   active    2        1.5 of 4  ${STARTED_AT}`,
      `10-11aa11  draining  0        0 of 2    ${STARTED_AT}`,
      '',
    ].join('\n'),
    stderr: '',
  });
  const { tasks } = JSON.parse((await call('--json')).stdout);
  expect(tasks).toHaveLength(2);
  expect(tasks[0]).toEqual({
    id: '1-3fa9c2',
    state: 'active',
    startedAt: STARTED_AT,
    room: { capacityVCpus: 4, usedVCpus: 1.5, freeVCpus: 2.5 },
    streams: [{ id: 'stream-1' }, { id: 'stream-2' }],
  });
  expect(JSON.stringify(tasks)).not.toContain(one.address);
});

test('a task is drained by its number, and once more', async () => {
  const { one, ten } = await startTasks();
  const text = 'The task 1-3fa9c2 drains: it hands its streams over and ends.\n';
  expect(await runStreamCli(['tasks', 'drain', '1'], api.environment)).toEqual({ code: 0, stdout: text, stderr: '' });
  expect(await api.tasks.heartbeat(one)).toEqual({ drainRequested: true });
  expect(await api.tasks.heartbeat(ten)).toEqual({ drainRequested: false });
  expect(await call('drain', '1-3fa9c2', '--json')).toEqual({
    code: 0,
    stdout: '{"id":"1-3fa9c2","state":"draining"}\n',
    stderr: '',
  });
});

test.each([
  ['an unknown task', ['drain', '3'], 1, 'There is no running task "3". Name one of 1-3fa9c2, 10-11aa11.\n'],
  ['nothing', ['drain', ''], 1, 'There is no running task "". Name one of 1-3fa9c2, 10-11aa11.\n'],
  ['an ambiguous beginning', ['drain', '2'], 2, '"2" matches 2 tasks. Name one of 20-aaaaaa, 21-aaaaaa.\n'],
])('%s is not drained', async (_case, args, exitCode, message) => {
  await startTasks();
  if (exitCode === 2) {
    await api.tasks.heartbeat(makeTaskHeartbeat({ taskId: '20-aaaaaa', startedAt: '2025-02-01T00:00:00.000Z' }));
    await api.tasks.heartbeat(makeTaskHeartbeat({ taskId: '21-aaaaaa', startedAt: '2025-02-02T00:00:00.000Z' }));
  }
  expect(await call(...args)).toEqual({ code: exitCode, stdout: '', stderr: message });
  expect((await api.tasks.list()).filter(({ drainRequestedAt }) => drainRequestedAt !== null)).toEqual([]);
});
