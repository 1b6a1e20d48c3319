import type { TaskHeartbeat } from '#domain/tasks.ts';

/** The heartbeat of an active task with room for streams. It is alive until its `heartbeatUntilMs`, the year 2100. */
export const makeTaskHeartbeat = (changes: Partial<TaskHeartbeat> = {}): TaskHeartbeat => ({
  taskId: '1-3fa9c2',
  address: '10.64.0.7:8081',
  state: 'active',
  startedAt: '2025-01-02T03:04:05.678Z',
  heartbeatUntilMs: Date.UTC(2100),
  revision: 7,
  room: { capacityVCpus: 4, usedVCpus: 1.5 },
  streamIds: ['k3v7q2mzp4xw6taa'],
  ...changes,
});
