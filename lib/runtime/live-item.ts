import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { PlaybackHold } from '#domain/purges.ts';
import type {
  BroadcastState,
  EndReason,
  HeldStream,
  LiveRecord,
  StreamHolder,
  StreamPresence,
} from '#domain/streams.ts';
import { isOffAir, onAirIdOf } from './live-words.ts';
import { StoreUnavailableError } from './store-unavailable.ts';

/** BatchGetItem takes at most this many keys (DynamoDB API reference). */
export const BATCH_GET_LIMIT = 100;
const BATCH_GET_ATTEMPTS = 3;

/** An item of the live table, of a stream or of a playback id. */
export type LiveItem = Record<string, unknown>;

/** `owner` is a reserved word in DynamoDB's expressions. */
export const LIVE_NAMES = { '#owner': 'owner' };

/** Key of the item that leads from a playback id to its stream. No stream id has a slash. */
export const pointerKey = (playbackId: string): string => `playback/${playbackId}`;

/** Whether somebody publishes the stream of an item. */
export const isOwned = (item: LiveItem | undefined): item is LiveItem & LiveRecord =>
  item !== undefined && 'owner' in item;

/** Why somebody asked for the end of the publish, or of the wait for one. Null if nobody did. */
export const requestedEndOf = (item: LiveItem): EndReason | null => (item.endReason as EndReason | undefined) ?? null;

/** When somebody last asked for a trace. */
export const traceRequestOf = ({ traceRequestedAtMs }: LiveItem): { readonly traceRequestedAtMs?: number } =>
  typeof traceRequestedAtMs === 'number' ? { traceRequestedAtMs } : {};

/** The publish of a stream that somebody publishes. */
export const toLiveRecord = (item: LiveItem & LiveRecord): LiveRecord => {
  const { streamId, owner, epoch, startedAt, leaseUntilMs, health } = item;
  return { streamId, owner, epoch, startedAt, leaseUntilMs, health };
};

/** The hold of a task on a stream. Null if no task holds it. */
export function toHeldStream(item: LiveItem | undefined): HeldStream | null {
  if (item === undefined || (item.holder ?? null) === null) return null;
  const { streamId, epoch, leaseUntilMs, holder, broadcast } = item as LiveItem & HeldStream;
  return {
    ...{ streamId, epoch, leaseUntilMs: leaseUntilMs ?? 0, holder },
    ...{
      broadcast: broadcastOf(item, broadcast),
      requestedEnd: requestedEndOf(item) ?? stoppedIf(isOffAir(item, holder)),
    },
  };
}

const stoppedIf = (isStopped: boolean): EndReason | null => (isStopped ? 'stopped' : null);

/** All that an item says of a stream's publisher and of its viewers. */
export const toPresence = (item: LiveItem | undefined): StreamPresence => ({
  publish: isOwned(item) ? toLiveRecord(item) : null,
  held: toHeldStream(item),
  onAirId: onAirIdOf(item),
});

/** Whether a stream was purged or deleted that had this playback id. */
export const isClosed = (item: LiveItem | undefined, playbackId: string): boolean =>
  ((item?.closedPlaybackIds ?? []) as readonly string[]).includes(playbackId);

/** Who answers for which playback ids of a stream. The holder also has the end of the broadcast under the former id. */
export function toHolds(item: LiveItem | undefined): readonly PlaybackHold[] {
  const { taskId, playbackId } = (item?.holder ?? {}) as Partial<StreamHolder>;
  if (taskId === undefined || playbackId === undefined) return [];
  const former = (item?.former ?? null) as StreamHolder | null;
  const playbackIds = former === null ? [playbackId] : [playbackId, former.playbackId];
  return playbackIds.map((id) => ({ playbackId: id, taskId, leaseUntilMs: Number(item?.leaseUntilMs ?? 0) }));
}

/** A publisher that has come back is in the item before its task writes that the former one is no longer missed. */
function broadcastOf(item: LiveItem, broadcast: BroadcastState | null | undefined): BroadcastState | null {
  if (!broadcast) return null;
  if (!isOwned(item)) return broadcast;
  const { publisherGoneReason: _, ...present } = broadcast;
  return { ...present, publisherGoneAtMs: null };
}

/**
 * The items of those streams that have one. Takes at most 100 ids. BatchGetItem leaves keys for another call if it is throttled or
 * its answer grows too large.
 */
export async function readLiveItems(
  client: DynamoDBDocumentClient,
  table: string,
  streamIds: readonly string[],
): Promise<LiveItem[]> {
  const items: LiveItem[] = [];
  let keys: LiveItem[] = streamIds.map((streamId) => ({ streamId }));
  for (let attempt = 1; keys.length > 0; attempt += 1) {
    if (attempt > BATCH_GET_ATTEMPTS)
      throw new StoreUnavailableError(`DynamoDB left ${keys.length} live records unread`);
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    );
    items.push(...(Responses?.[table] ?? []));
    keys = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return items;
}
