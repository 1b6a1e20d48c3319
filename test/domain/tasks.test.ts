import { freeVCpus, isTaskAlive, isTaskDraining, TASK_ID_PATTERN } from '#domain/tasks.ts';

test('a task is alive until its heartbeat is over', () => {
  expect(isTaskAlive({ heartbeatUntilMs: 1_001 }, 1_000)).toBe(true);
  expect(isTaskAlive({ heartbeatUntilMs: 1_000 }, 1_000)).toBe(false);
});

test.each([
  ['active', null, false],
  ['active', '2025-01-02T03:04:05.678Z', true],
  ['draining', null, true],
  ['draining', '2025-01-02T03:04:05.678Z', true],
] as const)('a task that is %s, with a drain requested at %s, drains: %s', (state, drainRequestedAt, expected) => {
  expect(isTaskDraining({ state, drainRequestedAt })).toBe(expected);
});

test.each([
  [4, 0, 4],
  [4, 1.5, 2.5],
  [4, 4.5, 0],
])('of %d vCPUs with %d in use, %d are free', (capacityVCpus, usedVCpus, free) => {
  expect(freeVCpus({ capacityVCpus, usedVCpus })).toBe(free);
});

test.each([
  ['1-3fa9c2', true],
  ['0123456789abcdef0123456789abcdef', true],
  ['a'.repeat(64), true],
  ['a'.repeat(65), false],
  ['', false],
  ['1_3', false],
  ['a/b', false],
  ['1-3fa9c2\n', false],
])('%j is the form of a task id: %s', (text, expected) => {
  expect(TASK_ID_PATTERN.test(text)).toBe(expected);
});
