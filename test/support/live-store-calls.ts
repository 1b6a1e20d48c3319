import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';

type PublishArguments = Parameters<LiveStore['begin']>[0];
type HeartbeatArguments = Parameters<LiveStore['heartbeat']>[0];

/** From one heartbeat to the next where tests wait for one. `stream-lease-timing.test.ts` keeps to the product's second. */
export const TEST_HEARTBEAT_MS = 100;

/** What `LiveStore.begin` takes for a publish of a stream by connection-1, which begins now. */
export const makePublish = (streamId: string, settings: Partial<PublishArguments> = {}): PublishArguments => ({
  streamId,
  owner: 'connection-1',
  holder: makeStreamHolder(),
  version: 1,
  startedAt: '2025-01-02T03:04:05.678Z',
  nowMs: Date.now(),
  ...settings,
});

/** What `LiveStore.heartbeat` takes for the first publish of a stream, if it is by connection-1. */
export const makeHeartbeat = (streamId: string, settings: Partial<HeartbeatArguments> = {}): HeartbeatArguments => ({
  streamId,
  owner: 'connection-1',
  epoch: EPOCHS_PER_PUBLISH,
  broadcast: makeBroadcastState(),
  leaseUntilMs: Date.now() + LEASE_DURATION_MS,
  health: null,
  ...settings,
});
