import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { EndReason } from '#domain/streams.ts';

/** How long a deleted stream refuses publishes that were allowed before. A publish begins within seconds. */
const DELETED_ITEM_SECONDS = 24 * 3600;

/**
 * A request to end the publish of a stream, or its wait for a publisher. A stop ends the current one. A new key or a deletion also
 * refuses publishes that have not begun yet and were allowed by a version of the stream below `minVersion`.
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
  | { readonly reason: Exclude<EndReason, 'stopped'>; readonly minVersion: number }
);

type Update = Pick<UpdateCommandInput, 'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues'>;

/** The lease stays: the task still holds the stream, and ends it. */
const REMOVE_PUBLISH = 'REMOVE #owner, startedAt, health';

/** The update of a live item by which its holder's next heartbeat learns of the request. `#owner` is the attribute `owner`. */
export function requestEndUpdate(request: EndRequest): Update {
  if (request.reason !== 'stopped') return lastingEndUpdate(request);
  const { owner, publisherGoneAtMs } = request;
  if (publisherGoneAtMs !== undefined) {
    const isWaiting = 'attribute_not_exists(#owner) AND broadcast.publisherGoneAtMs = :goneAtMs';
    return stopUpdate(isWaiting, { ':goneAtMs': publisherGoneAtMs });
  }
  return owner === undefined
    ? stopUpdate('attribute_exists(#owner)')
    : stopUpdate('#owner = :owner', { ':owner': owner });
}

function stopUpdate(condition: string, values: Readonly<Record<string, unknown>> = {}): Update {
  return {
    UpdateExpression: `${REMOVE_PUBLISH} SET endReason = :reason`,
    ConditionExpression: condition,
    ExpressionAttributeValues: { ':reason': 'stopped', ...values },
  };
}

/**
 * Applies even if nobody publishes, because a publish that was allowed may be about to begin. A repeated or late
 * request changes nothing.
 */
function lastingEndUpdate({ reason, minVersion, nowMs }: Exclude<EndRequest, { reason: 'stopped' }>): Update {
  const isDeleted = reason === 'deleted';
  const expiry = isDeleted ? ', expiresAtSeconds = :expiresAtSeconds' : '';
  const expiresAtSeconds = Math.floor(nowMs / 1000) + DELETED_ITEM_SECONDS;
  return {
    UpdateExpression: `${REMOVE_PUBLISH} SET endReason = :reason, minVersion = :minVersion${expiry}`,
    ConditionExpression: 'attribute_not_exists(minVersion) OR minVersion < :minVersion',
    ExpressionAttributeValues: {
      ':reason': reason,
      ':minVersion': minVersion,
      ...(isDeleted ? { ':expiresAtSeconds': expiresAtSeconds } : {}),
    },
  };
}
