import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { StreamHolder } from '#domain/streams.ts';

/** A publish that is about to begin. */
export interface BeginRequest {
  readonly streamId: string;
  /** The connection that publishes. */
  readonly owner: string;
  readonly holder: StreamHolder;
  /** The stream's version that allowed the publish (AuthorisedStream). */
  readonly version: number | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What the publish gets. */
interface Grant {
  /** How many epochs. */
  readonly epochs: number;
  /** Milliseconds since 1970. */
  readonly leaseUntilMs: number;
}

type Update = Pick<UpdateCommandInput, 'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues'>;

/**
 * The update of a live item by which a publish begins. The counter is incremented, never set, and the former holder stays in the item
 * until the next publish. So a repeat of an update that had succeeded is seen by its owner, and has the same result. `#owner` is the
 * attribute `owner`.
 */
export function beginUpdate({ owner, holder, version, startedAt }: BeginRequest, grant: Grant): Update {
  return {
    UpdateExpression:
      'ADD epoch :count SET #owner = :owner, startedAt = :startedAt, leaseUntilMs = :leaseUntilMs, health = :health, ' +
      'former = if_not_exists(holder, :nobody), formerLeaseUntilMs = if_not_exists(leaseUntilMs, :zero), ' +
      'holder = :holder REMOVE endReason, expiresAtSeconds',
    ConditionExpression:
      '(attribute_not_exists(minVersion) OR minVersion <= :version) AND ' +
      '(attribute_not_exists(#owner) OR #owner <> :owner)',
    ExpressionAttributeValues: {
      ':count': grant.epochs,
      ':owner': owner,
      ':startedAt': startedAt,
      ':leaseUntilMs': grant.leaseUntilMs,
      ':health': null,
      ':nobody': null,
      ':zero': 0,
      ':holder': holder,
      ':version': version ?? Number.MAX_SAFE_INTEGER,
    },
  };
}
