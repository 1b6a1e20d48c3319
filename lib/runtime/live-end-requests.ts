import type { ClosingReason } from '#domain/streams.ts';
import type { ConditionalUpdate } from './conditional-writes.ts';

/** How long a deleted stream refuses publishes that were allowed before. A publish begins within seconds. */
const DELETED_ITEM_SECONDS = 24 * 3600;

/**
 * A request to end the publish of a stream, or its wait for a publisher. A stop ends the current one. Others also refuse publishes
 * that have not begun yet and were allowed by a version of the stream below `minVersion`.
 */
export type EndRequest = {
  readonly streamId: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
} & (
  | {
      readonly reason: 'stopped';
      /** Ends only this publisher's publish. @default whoever publishes */
      readonly owner?: string;
      /** Ends only the wait for a publisher that left at this time, in milliseconds since 1970. @default no wait */
      readonly publisherGoneAtMs?: number;
    }
  | { readonly reason: 'key-rotated'; readonly minVersion: number }
  | {
      readonly reason: ClosingReason;
      readonly minVersion: number;
      /** Those that no task may answer for any more. The first one tells this request from others. */
      readonly playbackIds: readonly string[];
    }
);

type ClosingRequest = Extract<EndRequest, { reason: ClosingReason }>;

const IS_NEWER_VERSION = 'attribute_not_exists(minVersion) OR minVersion < :minVersion';

/** The lease stays: the task still holds the stream, and ends it. */
const REMOVE_PUBLISH = 'REMOVE #owner, startedAt, health';

/**
 * The updates of a live item by which its holder's next heartbeat learns of the request. They are tried in turn, until one
 * applies. `#owner` is the attribute `owner`.
 */
export function requestEndUpdates(request: EndRequest): readonly ConditionalUpdate[] {
  if (request.reason === 'key-rotated') return [rotationUpdate(request)];
  return request.reason === 'stopped' ? [stopUpdate(request)] : closingUpdates(request);
}

function stopUpdate({ owner, publisherGoneAtMs }: Extract<EndRequest, { reason: 'stopped' }>): ConditionalUpdate {
  if (publisherGoneAtMs !== undefined) {
    const isWaiting = 'attribute_not_exists(#owner) AND broadcast.publisherGoneAtMs = :goneAtMs';
    return stopIf(isWaiting, { ':goneAtMs': publisherGoneAtMs });
  }
  return owner === undefined ? stopIf('attribute_exists(#owner)') : stopIf('#owner = :owner', { ':owner': owner });
}

function stopIf(condition: string, values: Readonly<Record<string, unknown>> = {}): ConditionalUpdate {
  return {
    UpdateExpression: `${REMOVE_PUBLISH} SET endReason = :reason`,
    ConditionExpression: condition,
    ExpressionAttributeValues: { ':reason': 'stopped', ...values },
  };
}

/**
 * Applies even if nobody publishes, because a publish that was allowed may be about to begin. A repeated or late
 * request changes nothing. An end that somebody has asked for before stays: with a new key, a broadcast that was stopped does not
 * wait for its publisher.
 */
function rotationUpdate({ minVersion }: Extract<EndRequest, { reason: 'key-rotated' }>): ConditionalUpdate {
  return {
    UpdateExpression: `${REMOVE_PUBLISH} SET endReason = if_not_exists(endReason, :reason), minVersion = :minVersion`,
    ConditionExpression: IS_NEWER_VERSION,
    ExpressionAttributeValues: { ':reason': 'key-rotated', ':minVersion': minVersion },
  };
}

/**
 * Closes playback ids, unless that is done already. The next publish is a preview, if the stream has any. A newer version than `minVersion` may have been required meanwhile. It stays:
 * the second update is for that case.
 */
function closingUpdates(request: ClosingRequest): readonly ConditionalUpdate[] {
  const { reason, minVersion, playbackIds, nowMs } = request;
  const isDeleted = reason === 'deleted';
  const expiry = isDeleted ? ', expiresAtSeconds = :expiresAtSeconds' : '';
  const update = `${REMOVE_PUBLISH}, onAirId SET endReason = :reason, closedPlaybackIds = :playbackIds${expiry}`;
  const isOpen = '(attribute_not_exists(closedPlaybackIds) OR NOT contains(closedPlaybackIds, :current))';
  const values = {
    ':reason': reason,
    ':playbackIds': playbackIds,
    ':current': playbackIds[0],
    ...(isDeleted ? { ':expiresAtSeconds': Math.floor(nowMs / 1000) + DELETED_ITEM_SECONDS } : {}),
  };
  return [
    {
      UpdateExpression: `${update}, minVersion = :minVersion`,
      ConditionExpression: `${isOpen} AND (${IS_NEWER_VERSION})`,
      ExpressionAttributeValues: { ...values, ':minVersion': minVersion },
    },
    { UpdateExpression: update, ConditionExpression: isOpen, ExpressionAttributeValues: values },
  ];
}
