import type { BroadcastState, HeldStream, LiveRecord, StreamHolder } from '#domain/streams.ts';
import type { ConditionalUpdate } from './conditional-writes.ts';
import { isClosed, type LiveItem } from './live-item.ts';

/** How many epochs one publish may use. Each start of its FFmpeg process uses one. */
export const EPOCHS_PER_PUBLISH = 1_000;

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

/** A publish that has begun. */
export interface BegunPublish {
  /** The first of its epochs. */
  readonly firstEpoch: number;
  /** The last of its epochs, which is the stream's fencing epoch from now on. */
  readonly epoch: number;
  /** Who held the stream before, and until when. Null if nobody did. */
  readonly former: FormerHolder | null;
  /** Whether the stream was purged since, so that nobody may answer for the former holder's playback id. */
  readonly isFormerClosed: boolean;
  /** Whether somebody has asked for the end of what was there before. Its holder may not have heard of that. */
  readonly isFormerStopped: boolean;
  /**
   * The last holder that has renewed its lease, so that it answers for the stream, or did. It is not the former one if that one did
   * not hear that the store had made it the holder. Null if there is none.
   */
  readonly server: StreamHolder | null;
}

/** The holder before the present one. */
export type FormerHolder = Pick<HeldStream, 'holder' | 'leaseUntilMs' | 'broadcast'>;

/**
 * The update of a live item by which a publish begins. It applies only as long as the item has the epoch that was read before
 * (undefined: none). So if the network delivers it twice, the second one changes nothing, however late it comes. `#owner` is the
 * attribute `owner`.
 */
export function beginUpdate(request: BeginRequest, leaseUntilMs: number, formerEpoch: unknown): ConditionalUpdate {
  const { owner, holder, version, startedAt } = request;
  const isUnchanged = formerEpoch === undefined ? 'attribute_not_exists(epoch)' : 'epoch = :formerEpoch';
  return {
    UpdateExpression:
      'ADD epoch :count SET #owner = :owner, begunBy = :begunBy, startedAt = :startedAt, ' +
      'leaseUntilMs = :leaseUntilMs, health = :health, former = if_not_exists(holder, :nobody), ' +
      'formerLeaseUntilMs = if_not_exists(leaseUntilMs, :zero), formerEndReason = if_not_exists(endReason, :nobody), ' +
      'holder = :holder REMOVE endReason, traceRequestedAtMs, expiresAtSeconds',
    ConditionExpression: `(attribute_not_exists(minVersion) OR minVersion <= :version) AND ${isUnchanged}`,
    ExpressionAttributeValues: {
      ':count': EPOCHS_PER_PUBLISH,
      ':owner': owner,
      ':begunBy': callOf(request),
      ':startedAt': startedAt,
      ':leaseUntilMs': leaseUntilMs,
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

/** What tells one call from another, and not from its repeats. */
const callOf = ({ owner, startedAt }: BeginRequest): string => `${owner} ${startedAt}`;

/**
 * Whether the item has its epoch from this very call. That stays so when the publish has been stopped, so that a call whose first
 * answer was lost does not begin it again.
 */
export function isBegun(item: LiveItem | undefined, request: BeginRequest): item is BegunItem {
  const holder = item?.holder as StreamHolder | undefined;
  return item?.begunBy === callOf(request) && holder?.taskId === request.holder.taskId;
}

/** Whether the stream got a new key or was deleted since the publish was allowed. */
export function isOutdated(item: LiveItem | undefined, { version }: BeginRequest): boolean {
  return version !== null && version < Number(item?.minVersion ?? version);
}

/** What an item says of the publish that has its epoch. */
export function toBegunPublish({ epoch, former, formerLeaseUntilMs, ...item }: BegunItem): BegunPublish {
  const holder = (former ?? null) as StreamHolder | null;
  const broadcast = (item.broadcast ?? null) as BroadcastState | null;
  return {
    firstEpoch: epoch - EPOCHS_PER_PUBLISH + 1,
    epoch,
    former: holder && { holder, leaseUntilMs: formerLeaseUntilMs as number, broadcast },
    isFormerStopped: item.formerEndReason === 'stopped',
    isFormerClosed: holder !== null && isClosed(item, holder.playbackId),
    server: (item.server ?? null) as StreamHolder | null,
  };
}
