import type { BroadcastState, HeldStream, LiveRecord, StreamHolder } from '#domain/streams.ts';
import type { ConditionalUpdate } from './conditional-writes.ts';
import { isClosed, type LiveItem } from './live-item.ts';
import { isOffAir, onAirIdOf } from './live-words.ts';

/** How many epochs one publish may use. Each start of its FFmpeg process uses one. */
export const EPOCHS_PER_PUBLISH = 1_000;

/** A publish that is about to begin. */
export interface BeginRequest {
  readonly streamId: string;
  /** The connection that publishes. */
  readonly owner: string;
  /** Who holds the stream, and for whom. With an `onAirId`, the publish begins only if that is the word for it still. */
  readonly holder: StreamHolder;
  /** Missing if the stream goes on air by itself, or if the holder says under which playback id the publish begins. */
  readonly onAir?: OnAirChoice;
  /** The publish has begun before, and goes on under another playback id, unless the stream has another epoch by now. */
  readonly formerEpoch?: number;
  /** The stream's version that allowed the publish (AuthorisedStream). */
  readonly version: number | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** The choice of a stream that is on air on a word, and a preview without one. */
export interface OnAirChoice {
  /** The playback id for viewers, in place of the holder's. */
  readonly playbackId: string;
  /** A broadcast whose holder is lost for longer than this is over, and so is the word for it. */
  readonly reconnectWindowMs: number;
}

/** A publish that has begun. */
export interface BegunPublish {
  readonly holder: StreamHolder;
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
 * attribute `owner`. The same holds for the word by which the stream is on air.
 */
export function beginUpdate(
  request: BeginRequest,
  { holder, leaseUntilMs }: { readonly holder: StreamHolder; readonly leaseUntilMs: number },
  item: LiveItem | undefined,
): ConditionalUpdate {
  const { owner, version, startedAt } = request;
  const { epoch: formerEpoch, onAirId } = item ?? {};
  const isUnchanged = formerEpoch === undefined ? 'attribute_not_exists(epoch)' : 'epoch = :formerEpoch';
  const isSameWord = onAirId === undefined ? 'attribute_not_exists(onAirId)' : 'onAirId = :onAirId';
  // A word that did not put this publish on air must not do so later. One that came while it went off air is for its next time.
  const isWordOver = holder.onAirId === undefined && request.formerEpoch === undefined;
  return {
    UpdateExpression:
      'ADD epoch :count SET #owner = :owner, begunBy = :begunBy, startedAt = :startedAt, ' +
      'leaseUntilMs = :leaseUntilMs, health = :health, former = if_not_exists(holder, :nobody), ' +
      'formerLeaseUntilMs = if_not_exists(leaseUntilMs, :zero), formerEndReason = if_not_exists(endReason, :nobody), ' +
      `holder = :holder REMOVE endReason, traceRequestedAtMs, expiresAtSeconds${isWordOver ? ', onAirId' : ''}`,
    ConditionExpression: `(attribute_not_exists(minVersion) OR minVersion <= :version) AND ${isUnchanged} AND ${isSameWord}`,
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
      ...(onAirId === undefined ? {} : { ':onAirId': onAirId }),
    },
  };
}

/** The holder of a publish that is about to begin, with its playback id. Null if it may not begin as it was meant to. */
export function beginningHolder(item: LiveItem | undefined, request: BeginRequest): StreamHolder | null {
  const { holder, onAir, formerEpoch } = request;
  const onAirId = onAirIdOf(item);
  if (formerEpoch !== undefined && item?.epoch !== formerEpoch) return null;
  if (holder.onAirId !== undefined) return holder.onAirId === onAirId ? holder : null;
  if (onAir === undefined || onAirId === null || isOver(item, onAirId, { ...onAir, ...request })) return holder;
  return { ...holder, playbackId: onAir.playbackId, onAirId };
}

/** Whether a broadcast has been without a holder for so long that nobody waits for its publisher any more. */
function isOver(
  item: LiveItem | undefined,
  onAirId: string,
  { reconnectWindowMs, nowMs }: Pick<OnAirChoice, 'reconnectWindowMs'> & Pick<BeginRequest, 'nowMs'>,
): boolean {
  const { onAirId: heldOnAirId } = (item?.holder ?? {}) as Partial<StreamHolder>;
  return heldOnAirId === onAirId && Number(item?.leaseUntilMs ?? 0) + reconnectWindowMs < nowMs;
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
    holder: item.holder as StreamHolder,
    firstEpoch: epoch - EPOCHS_PER_PUBLISH + 1,
    epoch,
    former: holder && { holder, leaseUntilMs: formerLeaseUntilMs as number, broadcast },
    isFormerStopped: item.formerEndReason === 'stopped' || (holder !== null && isOffAir(item, holder)),
    isFormerClosed: holder !== null && isClosed(item, holder.playbackId),
    server: (item.server ?? null) as StreamHolder | null,
  };
}
