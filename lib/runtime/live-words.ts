import type { StreamHolder } from '#domain/streams.ts';
import type { ConditionalUpdate } from './conditional-writes.ts';

/** What a stream's item of the live table says of the word by which it goes on air. */
interface WordAttributes {
  readonly onAirId?: unknown;
  /** The last one whose broadcast has ended. A holder writes it late at times, and must not take a newer word away. */
  readonly endedOnAirId?: unknown;
}

/**
 * The word by which a stream is on air, or will be when it is published. Null if nobody has given one, or has taken it back, or if
 * its broadcast has ended.
 */
export const onAirIdOf = (item: WordAttributes | undefined): string | null =>
  item?.onAirId === undefined || item.onAirId === item.endedOnAirId ? null : (item.onAirId as string);

/** Whether a holder has a stream on air by a word that was taken back. */
export const isOffAir = (item: WordAttributes, { onAirId }: Partial<StreamHolder>): boolean =>
  onAirId !== undefined && onAirId !== item.endedOnAirId && onAirId !== onAirIdOf(item);

/** Gives a word, unless there is one. A call that is repeated, because its answer was lost, counts as the first one. */
export const goOnAirUpdate = (onAirId: string): ConditionalUpdate => ({
  UpdateExpression: 'SET onAirId = :onAirId',
  ConditionExpression: 'attribute_not_exists(onAirId) OR onAirId = endedOnAirId OR onAirId = :onAirId',
  ExpressionAttributeValues: { ':onAirId': onAirId },
});

/** Takes a word back, unless there is another one. */
export const goOffAirUpdate = (onAirId: string): ConditionalUpdate => ({
  UpdateExpression: 'REMOVE onAirId',
  ConditionExpression: 'onAirId = :onAirId',
  ExpressionAttributeValues: { ':onAirId': onAirId },
});
