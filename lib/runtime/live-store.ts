import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { PlaybackHold } from '#domain/purges.ts';
import type {
  BroadcastState,
  EndReason,
  HeldStream,
  LiveRecord,
  StreamHolder,
  StreamPresence,
} from '#domain/streams.ts';
import type { TableNames } from '#domain/tables.ts';
import { type ConditionalUpdate, updateIf } from './conditional-writes.ts';
import { type EndRequest, requestEndUpdates } from './live-end-requests.ts';
import {
  isClosed,
  isOwned,
  LIVE_NAMES,
  type LiveItem,
  pointerKey,
  readLiveItems,
  requestedEndOf,
  toHeldStream,
  toHolds,
  toLiveRecord,
  toPresence,
  traceRequestOf,
} from './live-item.ts';
import {
  type BeginRequest,
  type BegunItem,
  type BegunPublish,
  beginningHolder,
  beginUpdate,
  EPOCHS_PER_PUBLISH,
  isBegun,
  isOutdated,
  toBegunPublish,
} from './live-publishes.ts';
import { type LeaseRenewal, renewalUpdate } from './live-renewals.ts';
import { goOffAirUpdate, goOnAirUpdate, onAirIdOf } from './live-words.ts';
import { StoreUnavailableError } from './store-unavailable.ts';

/** How long a task holds a stream after its last heartbeat, in milliseconds. Then others may take it. */
export const LEASE_DURATION_MS = 8_000;

/** How many publishes of one stream may begin at once. */
const BEGIN_ATTEMPTS = 10;

/** What a task learns from its heartbeat. */
export interface HeartbeatResult {
  /** Whether the lease is renewed. */
  readonly held: boolean;
  /**
   * Why somebody asked for the end of the publish, or of the wait for a publisher. Null if nobody did. If the lease is not renewed
   * either, the stream has a newer epoch.
   */
  readonly reason: EndReason | null;
  /** When somebody last asked for a trace, in milliseconds since 1970. Missing if nobody has since the publish began. */
  readonly traceRequestedAtMs?: number;
  /** The word by which the stream is on air, or shall be. Missing without one. */
  readonly onAirId?: string;
}

/** Who holds, encodes and publishes which stream, in DynamoDB. Reads are strongly consistent. Every method rejects with the SDK's error. */
export interface LiveStore {
  /**
   * Makes a playback id lead to a stream. Resolves to false, and changes nothing, if it leads to another stream that a
   * task still holds: that stream's viewers must not get this one's picture.
   */
  claimPlaybackId(claim: {
    readonly playbackId: string;
    readonly streamId: string;
    /** Milliseconds since 1970. */
    readonly nowMs: number;
  }): Promise<boolean>;
  /**
   * Makes `owner` the stream's publisher and `holder` its task, even if others are, and gives it the next 1,000
   * epochs. A repeated call has the same result. Resolves to null, and changes nothing, if the stream got a new key or
   * was deleted since the publish was allowed, or if a publish that has begun before may not go on as it was meant to.
   */
  begin(request: BeginRequest): Promise<BegunPublish | null>;
  /**
   * Renews the lease and stores the state of the broadcast, unless the stream has a newer epoch, or `owner` is no longer its
   * publisher. An `owner` of null says that nobody publishes now.
   */
  heartbeat(
    beat: LeaseRenewal & { /** Aborts the call. @default never */ readonly signal?: AbortSignal },
  ): Promise<HeartbeatResult>;
  /**
   * Takes a stream that nobody publishes on from its holder. Resolves to the new fencing epoch, or to null, and changes
   * nothing, if the stream's epoch is not `formerEpoch` any more. A repeated call has the same result.
   */
  takeOver(stream: {
    readonly streamId: string;
    readonly formerEpoch: number;
    readonly holder: StreamHolder;
    readonly broadcast: BroadcastState;
    readonly leaseUntilMs: number;
  }): Promise<number | null>;
  /** Forgets the holder of an ended stream, and the word by which it was on air. Resolves to false if the stream has a newer epoch. */
  forget(stream: Pick<LeaseRenewal, 'streamId' | 'epoch' | 'onAirId'>): Promise<boolean>;
  /**
   * Forgets the playback id that the stream had before its latest publish. Resolves to false if the stream has a newer epoch, so that
   * it is forgotten already.
   */
  forgetFormer(stream: { readonly streamId: string; readonly epoch: number }): Promise<boolean>;
  /**
   * The stream that a playback id leads to. Null if no task holds one. If the id is the one before the latest publish, the present
   * holder has the end of its broadcast, and `broadcast` is null.
   */
  findHeld(playbackId: string): Promise<HeldStream | null>;
  /** The stream with an id. Null if no task holds it. */
  getHeld(streamId: string): Promise<HeldStream | null>;
  /** Who answers for which playback ids of a stream: its broadcast, and the end of the one before under another id. */
  listHolds(streamId: string): Promise<readonly PlaybackHold[]>;
  /** Whether anybody has ever published the stream. */
  wasPublished(streamId: string): Promise<boolean>;
  /**
   * Takes the stream from its publisher, or ends the wait for one. The holder learns about it from its next heartbeat. If playback
   * ids are closed by that, the holder forgets all that it has of the stream. Resolves to false if nobody was live.
   */
  requestEnd(request: EndRequest): Promise<boolean>;
  /**
   * Puts a stream on air, now or as soon as somebody publishes it. The holder of a preview learns about it from its next heartbeat.
   * Resolves to false, and changes nothing, if it is on air already.
   */
  goOnAir(word: { readonly streamId: string /** A new one. */; readonly onAirId: string }): Promise<boolean>;
  /**
   * Takes a word back: the broadcast ends, and its publish goes on as a preview. Resolves to false, and changes nothing, if
   * another word has been given since, or this one was taken back.
   */
  goOffAir(word: { readonly streamId: string; readonly onAirId: string }): Promise<boolean>;
  /**
   * Asks the holder to store a trace of the stream. It learns about it from its next heartbeat. Resolves to false if no task holds
   * the stream.
   */
  requestTrace(streamId: string, nowMs: number): Promise<boolean>;
  /** Resolves to null if nobody publishes. The lease of a record may have expired. */
  get(streamId: string): Promise<LiveRecord | null>;
  /** Who publishes a stream, and what its viewers have. */
  getPresence(streamId: string): Promise<StreamPresence>;
  /** As `getPresence`, of those streams that were ever published, by stream id. Takes at most 100 ids. */
  listPresences(streamIds: readonly string[]): Promise<ReadonlyMap<string, StreamPresence>>;
}

/** What the store needs: a client and the name of its table. */
export interface LiveStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'LIVE_TABLE'>;
}

/** A LiveStore. A stream's item outlives its publishes, because it counts the epochs. */
export function createLiveStore({ client, tables }: LiveStoreOptions): LiveStore {
  const table = tables.LIVE_TABLE;
  const updateOf = (streamId: string) => ({
    TableName: table,
    Key: { streamId },
    ExpressionAttributeNames: LIVE_NAMES,
  });

  async function read(streamId: string, signal?: AbortSignal): Promise<LiveItem | undefined> {
    const command = new GetCommand({ TableName: table, Key: { streamId }, ConsistentRead: true });
    const { Item } = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
    return Item;
  }

  const claimPlaybackId: LiveStore['claimPlaybackId'] = async ({ playbackId, streamId, nowMs }) => {
    const claim = (condition: string, values: LiveItem) =>
      updateIf(client, {
        TableName: table,
        Key: { streamId: pointerKey(playbackId) },
        UpdateExpression: 'SET leadsTo = :streamId',
        ConditionExpression: condition,
        ExpressionAttributeValues: { ':streamId': streamId, ...values },
      });
    if ((await claim('attribute_not_exists(leadsTo) OR leadsTo = :streamId', {})) !== null) return true;
    const former = await findHeld(playbackId);
    if (former !== null && former.leaseUntilMs > nowMs) return false;
    const pointer = await read(pointerKey(playbackId));
    return (await claim('leadsTo = :former', { ':former': pointer?.leadsTo ?? streamId })) !== null;
  };

  const begin: LiveStore['begin'] = async (request) => {
    const { streamId, nowMs } = request;
    const leaseUntilMs = nowMs + LEASE_DURATION_MS;
    for (let attempt = 1; attempt <= BEGIN_ATTEMPTS; attempt += 1) {
      const item = await read(streamId);
      if (isBegun(item, request)) return toBegunPublish(item);
      if (isOutdated(item, request)) return null;
      const holder = beginningHolder(item, request);
      if (holder === null) return null;
      const update = { ...updateOf(streamId), ...beginUpdate(request, { holder, leaseUntilMs }, item) };
      const begun = await updateIf(client, { ...update, ReturnValues: 'ALL_NEW' });
      if (begun !== null) return toBegunPublish(begun as BegunItem);
    }
    throw new StoreUnavailableError(`${BEGIN_ATTEMPTS} other publishes of the stream have begun meanwhile`);
  };

  const heartbeat: LiveStore['heartbeat'] = async ({ signal, ...renewal }) => {
    const { streamId, epoch } = renewal;
    const update = { ...updateOf(streamId), ...renewalUpdate(renewal), ReturnValues: 'ALL_NEW' as const };
    const renewed = await updateIf(client, update, signal);
    if (renewed !== null) {
      const onAirId = onAirIdOf(renewed);
      const word = onAirId === null ? {} : { onAirId };
      return { held: true, reason: requestedEndOf(renewed), ...traceRequestOf(renewed), ...word };
    }
    const item = await read(streamId, signal);
    const isReplaced = item?.epoch !== epoch || isOwned(item);
    return { held: false, reason: isReplaced ? null : requestedEndOf(item) };
  };

  const takeOver: LiveStore['takeOver'] = async ({ streamId, formerEpoch, holder, broadcast, leaseUntilMs }) => {
    const taken = await updateIf(client, {
      ...updateOf(streamId),
      UpdateExpression:
        'ADD epoch :count SET leaseUntilMs = :leaseUntilMs, holder = :holder, broadcast = :broadcast ' +
        'REMOVE #owner, begunBy, startedAt, health, former, formerLeaseUntilMs, traceRequestedAtMs',
      ConditionExpression: 'epoch = :formerEpoch',
      ExpressionAttributeValues: {
        ':count': EPOCHS_PER_PUBLISH,
        ':formerEpoch': formerEpoch,
        ':holder': holder,
        ':broadcast': broadcast,
        ':leaseUntilMs': leaseUntilMs,
      },
      ReturnValues: 'UPDATED_NEW',
    });
    if (taken !== null) return taken.epoch as number;
    // The update may have succeeded before its answer was lost, and then it was repeated.
    const item = await read(streamId);
    const held = toHeldStream(item);
    const isOurs = held?.holder.taskId === holder.taskId && held.epoch === formerEpoch + EPOCHS_PER_PUBLISH;
    // With an owner, it is a publish that this task has begun meanwhile.
    return isOurs && !isOwned(item) ? held.epoch : null;
  };

  /** Resolves to false, and changes nothing, if the condition does not hold. */
  const change = async (streamId: string, update: ConditionalUpdate): Promise<boolean> =>
    (await updateIf(client, { TableName: table, Key: { streamId }, ...update })) !== null;

  const forget: LiveStore['forget'] = ({ streamId, epoch, onAirId }) =>
    change(streamId, {
      UpdateExpression:
        (onAirId === undefined ? '' : 'SET endedOnAirId = :onAirId ') +
        'REMOVE holder, server, former, formerLeaseUntilMs, leaseUntilMs, broadcast',
      ConditionExpression: 'epoch = :epoch',
      ExpressionAttributeValues: { ':epoch': epoch, ...(onAirId === undefined ? {} : { ':onAirId': onAirId }) },
    });

  const forgetFormer: LiveStore['forgetFormer'] = ({ streamId, epoch }) =>
    change(streamId, {
      UpdateExpression: 'REMOVE former, formerLeaseUntilMs',
      ConditionExpression: 'epoch = :epoch',
      ExpressionAttributeValues: { ':epoch': epoch },
    });

  const getHeld: LiveStore['getHeld'] = async (streamId) => toHeldStream(await read(streamId));

  const findHeld: LiveStore['findHeld'] = async (playbackId) => {
    const pointer = await read(pointerKey(playbackId));
    if (pointer === undefined) return null;
    const item = await read(pointer.leadsTo as string);
    const held = isClosed(item, playbackId) ? null : toHeldStream(item);
    if (held === null || held.holder.playbackId === playbackId) return held;
    const former = (item?.former ?? null) as StreamHolder | null;
    if (former?.playbackId !== playbackId) return null;
    return { ...held, holder: { ...held.holder, playbackId }, broadcast: null };
  };

  const requestEnd: LiveStore['requestEnd'] = async (request) => {
    for (const update of requestEndUpdates(request)) {
      const former = await updateIf(client, { ...updateOf(request.streamId), ...update, ReturnValues: 'ALL_OLD' });
      if (former !== null) return isOwned(former) && former.leaseUntilMs > request.nowMs;
    }
    return false;
  };

  const goOnAir: LiveStore['goOnAir'] = ({ streamId, onAirId }) => change(streamId, goOnAirUpdate(onAirId));

  const goOffAir: LiveStore['goOffAir'] = ({ streamId, onAirId }) => change(streamId, goOffAirUpdate(onAirId));

  const requestTrace: LiveStore['requestTrace'] = (streamId, nowMs) =>
    change(streamId, {
      UpdateExpression: 'SET traceRequestedAtMs = :nowMs',
      ConditionExpression: 'attribute_exists(holder) AND leaseUntilMs > :nowMs',
      ExpressionAttributeValues: { ':nowMs': nowMs },
    });

  const listHolds: LiveStore['listHolds'] = async (streamId) => toHolds(await read(streamId));

  const wasPublished: LiveStore['wasPublished'] = async (streamId) => (await read(streamId))?.epoch !== undefined;

  const get: LiveStore['get'] = async (streamId) => {
    const item = await read(streamId);
    return isOwned(item) ? toLiveRecord(item) : null;
  };

  const getPresence: LiveStore['getPresence'] = async (streamId) => toPresence(await read(streamId));

  const listPresences: LiveStore['listPresences'] = async (streamIds) => {
    const items = await readLiveItems(client, table, streamIds);
    return new Map(items.map((item) => [item.streamId as string, toPresence(item)]));
  };

  return {
    claimPlaybackId,
    begin,
    heartbeat,
    takeOver,
    forget,
    forgetFormer,
    findHeld,
    getHeld,
    listHolds,
    wasPublished,
    requestEnd,
    goOnAir,
    goOffAir,
    requestTrace,
    get,
    getPresence,
    listPresences,
  };
}
