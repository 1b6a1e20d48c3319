import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { LiveRecord, StreamHolder } from '#domain/streams.ts';
import type { LiveItem } from './live-item.ts';

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
 * The update of a live item by which a publish begins. It applies only as long as the item has the epoch that was read before
 * (undefined: none). So if the network delivers it twice, the second one changes nothing, however late it comes. `#owner` is the
 * attribute `owner`.
 */
export function beginUpdate(
  { owner, holder, version, startedAt }: BeginRequest,
  grant: Grant,
  formerEpoch: unknown,
): Update {
  const isUnchanged = formerEpoch === undefined ? 'attribute_not_exists(epoch)' : 'epoch = :formerEpoch';
  return {
    UpdateExpression:
      'ADD epoch :count SET #owner = :owner, begunBy = :owner, startedAt = :startedAt, ' +
      'leaseUntilMs = :leaseUntilMs, health = :health, former = if_not_exists(holder, :nobody), ' +
      'formerLeaseUntilMs = if_not_exists(leaseUntilMs, :zero), holder = :holder REMOVE endReason, expiresAtSeconds',
    ConditionExpression: `(attribute_not_exists(minVersion) OR minVersion <= :version) AND ${isUnchanged}`,
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
      ...(formerEpoch === undefined ? {} : { ':formerEpoch': formerEpoch }),
    },
  };
}

/** The item of a stream that has been published. */
export type BegunItem = LiveItem & Pick<LiveRecord, 'epoch'>;

/**
 * Whether the item has its epoch from this very publish. That stays so when the publish has been stopped, so that a call whose first
 * answer was lost does not begin it again.
 */
export function isBegun(item: LiveItem | undefined, { owner, holder }: BeginRequest): item is BegunItem {
  const { begunBy, holder: present } = item ?? {};
  return begunBy === owner && (present as StreamHolder | undefined)?.taskId === holder.taskId;
}

/** Whether the stream got a new key or was deleted since the publish was allowed. */
export function isOutdated(item: LiveItem | undefined, { version }: BeginRequest): boolean {
  return version !== null && version < Number(item?.minVersion ?? version);
}
