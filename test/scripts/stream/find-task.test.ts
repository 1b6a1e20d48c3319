import type { TaskBody } from '#functions/control-api/task-schemas.ts';
import { findTaskId } from '#scripts/stream/find-task.ts';

const taskOf = (id: string, state: TaskBody['state'] = 'active'): TaskBody => ({
  id,
  state,
  startedAt: '2025-01-02T03:04:05.678Z',
  room: { capacityVCpus: 4, usedVCpus: 0, freeVCpus: 4 },
  streams: [],
});

const TASKS = [
  ...['1-3fa9c2', '10-11aa11', '2-aaaaaa', '2-aabbbb', '30-cccccc', '31-cccccc', '4', '4-dddddd'].map((id) =>
    taskOf(id),
  ),
  taskOf('5-eeeeee', 'draining'),
  taskOf('1-000000', 'lost'),
  taskOf('0123456789abcdef0123456789abcdef'),
  taskOf('0123456789abcdef0000000000000000'),
];

test.each([
  ['a whole id', '2-aaaaaa', '2-aaaaaa'],
  ['a whole id that is also the number of another task', '4', '4'],
  ['the number of one task, with which the id of another begins', '1', '1-3fa9c2'],
  ['a beginning with a hyphen', '2-aab', '2-aabbbb'],
  ['a beginning with nothing but the number and the hyphen', '10-', '10-11aa11'],
  ['a draining task', '5', '5-eeeeee'],
  ['the beginning of an ECS id', '0123456789abcdef01', '0123456789abcdef0123456789abcdef'],
])('%s selects a task', (_case, reference, id) => {
  expect(findTaskId(reference, TASKS)).toBe(id);
});

test.each([
  ['a number of two tasks', '2', '"2" matches 2 tasks. Name one of 2-aaaaaa, 2-aabbbb.'],
  ['the beginning of two ids', '3', '"3" matches 2 tasks. Name one of 30-cccccc, 31-cccccc.'],
  [
    'the beginning of two ECS ids',
    '0123',
    '"0123" matches 2 tasks. Name one of 0123456789abcdef0123456789abcdef, 0123456789abcdef0000000000000000.',
  ],
])('%s is wrong usage', (_case, reference, message) => {
  expect(() => findTaskId(reference, TASKS)).toThrow(expect.objectContaining({ kind: 'usage', message }));
});

test.each([
  ['an unknown number', '6'],
  ['the end of an id', '3fa9c2'],
  ['another case', '0123456789ABCDEF01'],
  ['the id of a lost task', '1-000000'],
  ['more than an id', '1-3fa9c2f'],
  ['nothing', ''],
])('%s selects no task, and the first five are named', (_case, reference) => {
  const message = `There is no running task "${reference}". Name one of 1-3fa9c2, 10-11aa11, 2-aaaaaa, 2-aabbbb, 30-cccccc, ....`;
  expect(() => findTaskId(reference, TASKS)).toThrow(expect.objectContaining({ kind: 'refused', message }));
});

test('if no task runs, none is named', () => {
  const message = 'There is no running task "1". No task is running.';
  expect(() => findTaskId('1', [taskOf('1-000000', 'lost')])).toThrow(expect.objectContaining({ message }));
});
