import type { BroadcastState, StreamHealth } from '#domain/streams.ts';
import type { ConditionalUpdate } from './conditional-writes.ts';

/** What a task writes about a stream that it holds. */
export interface LeaseRenewal {
  readonly streamId: string;
  /** The fencing epoch under which it holds the stream. */
  readonly epoch: number;
  /** The connection that publishes. Null if nobody does. */
  readonly owner: string | null;
  readonly broadcast: BroadcastState;
  /** The word by which it is on air. Missing for a preview, and if the stream goes on air by itself. */
  readonly onAirId?: string;
  /** Milliseconds since 1970. */
  readonly leaseUntilMs: number;
  readonly health: StreamHealth | null;
}

/** The update of a live item by which a task goes on to hold a stream. `#owner` is the attribute `owner`. */
export function renewalUpdate(renewal: LeaseRenewal): ConditionalUpdate {
  const { epoch, owner, broadcast, leaseUntilMs, health, onAirId } = renewal;
  // The next publish is a preview again, whatever becomes of this task.
  const hasEnded = broadcast.endedAtMs !== null && onAirId !== undefined;
  const ended = hasEnded ? { ':onAirId': onAirId } : {};
  const values = { ':epoch': epoch, ':broadcast': broadcast, ':leaseUntilMs': leaseUntilMs, ...ended };
  const state =
    'SET leaseUntilMs = :leaseUntilMs, broadcast = :broadcast, server = holder' +
    (hasEnded ? ', endedOnAirId = :onAirId' : '');
  if (owner === null) {
    return {
      UpdateExpression: `${state} REMOVE #owner, startedAt, health`,
      ConditionExpression: 'epoch = :epoch',
      ExpressionAttributeValues: values,
    };
  }
  return {
    UpdateExpression: `${state}, health = :health`,
    ConditionExpression: 'epoch = :epoch AND #owner = :owner',
    ExpressionAttributeValues: { ...values, ':owner': owner, ':health': health },
  };
}
