import { LiveStreams, type LiveStreamsOptions } from '#encoder/streams/live-streams.ts';
import { TaskRoom } from '#encoder/streams/task-room.ts';
import { createLogger } from '#runtime/log.ts';
import { TEST_HEARTBEAT_MS } from '#test/support/live-store-calls.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';

/** The streams of a task that gets no media from others. Nothing is encoded unless `spawn` is given. */
export const makeStreams = (options: Pick<LiveStreamsOptions, 'store'> & Partial<LiveStreamsOptions>): LiveStreams =>
  new LiveStreams({
    task: { taskId: 'task-1', address: '127.0.0.1:1' },
    takeOver: async () => null,
    traces: { put: async () => undefined },
    // Longer than any test.
    reconnectWindowMs: 60_000,
    // Tests wait for what a heartbeat brings.
    heartbeatMs: TEST_HEARTBEAT_MS,
    room: new TaskRoom({ capacityVCpus: 2, now: Date.now }),
    architecture: 'x64',
    arbiter: testArbiter(),
    slates: null,
    emit: () => undefined,
    spawn: () => {
      throw new Error('nobody sends media here');
    },
    now: Date.now,
    steadyNow: () => performance.now(),
    log: createLogger({ service: 'test', level: process.env.STREAMS_TEST_LOG ?? 'silent' }),
    ...options,
  });
