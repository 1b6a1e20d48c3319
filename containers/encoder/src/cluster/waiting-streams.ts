import type { Logger } from 'pino';
import type { BroadcastState, HeldStream, StreamHolder, TaskAddress } from '#domain/streams.ts';
import type { LiveStreams } from '#encoder/streams/live-streams.ts';
import { lostBroadcast } from '#encoder/streams/lost-broadcast.ts';
import { endsPlaylists } from '#encoder/streams/requested-ends.ts';
import { asHandedOver, type TakeOver } from '#encoder/streams/stream-past.ts';
import { LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { type TaskClient, TaskUnreachableError } from './task-client.ts';

/** How long each request to a task may take. */
const HOLDS_LIMIT_MS = 1_000;
/** A task that closes a kept connection is asked twice. */
const ASK_LIMIT_MS = 2 * HOLDS_LIMIT_MS;

export interface WaitingStreamsOptions {
  readonly task: TaskAddress;
  readonly store: Pick<LiveStore, 'getHeld' | 'takeOver'>;
  readonly streams: LiveStreams;
  readonly client: TaskClient;
  readonly takeOver: TakeOver;
  readonly reconnectWindowMs: number;
  /** How long a task may take to say that it holds a stream. @default 2 s */
  readonly askLimitMs?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Streams without a publisher that this task takes over: those of a task that stops, and those that a dead task has left. */
export class WaitingStreams {
  readonly #options: WaitingStreamsOptions;
  /** Streams that are being looked after, so that many requests for one look after it once. */
  readonly #settling = new Map<string, Promise<boolean>>();

  constructor(options: WaitingStreamsOptions) {
    this.#options = options;
  }

  /** Takes over a stream that waits for its publisher, with its media. Resolves to false if somebody publishes it, or has taken it. */
  async adopt(streamId: string): Promise<boolean> {
    const { store, streams, task } = this.#options;
    const held = await store.getHeld(streamId);
    if (held === null || held.broadcast === null || held.holder.taskId === task.taskId) return false;
    const { broadcast, holder } = held;
    if (broadcast.publisherGoneAtMs === null) return false;
    return streams.whileArriving({ streamId, playbackId: holder.playbackId }, () => this.#adopt(held, broadcast));
  }

  async #adopt(held: HeldStream, broadcast: BroadcastState): Promise<boolean> {
    const { streams, takeOver, now, log } = this.#options;
    const { streamId, holder } = held;
    const heldAtMs = now();
    const epoch = await this.#take(held, broadcast);
    if (epoch === null) return false;
    const media = await takeOver({ streamId, epoch, former: held });
    const arrived = streams.arrive({
      ...{ streamId, epoch, heldAtMs, ...idsOf(holder) },
      package: media,
      broadcast: asHandedOver(broadcast, media),
    });
    arrived?.waitForPublisher(broadcast.publisherGoneAtMs ?? heldAtMs, held.requestedEnd);
    log.info({ streamId, epoch }, 'stream taken over; it waits for its publisher');
    return true;
  }

  /**
   * Ends a stream whose holder has died, if its publisher has stayed away for the reconnect window or somebody has asked for the
   * end. In the second case it does not wait until the lease has run out: the stream ends whoever holds it. Resolves to true if
   * this task has ended it. Then this task answers for it.
   */
  async settle(held: HeldStream): Promise<boolean> {
    const known = this.#settling.get(held.streamId);
    if (known !== undefined) return known;
    const settling = this.#settle(held).finally(() => this.#settling.delete(held.streamId));
    this.#settling.set(held.streamId, settling);
    return settling;
  }

  async #settle(held: HeldStream): Promise<boolean> {
    const { now, reconnectWindowMs, streams } = this.#options;
    const { streamId, broadcast, leaseUntilMs, holder, requestedEnd } = held;
    if (broadcast === null || broadcast.endedAtMs !== null) return false;
    const goneAtMs = broadcast.publisherGoneAtMs ?? leaseUntilMs - LEASE_DURATION_MS;
    const isUnwanted = requestedEnd !== null && endsPlaylists(requestedEnd);
    const isAwaited = !isUnwanted && Math.max(leaseUntilMs, goneAtMs + reconnectWindowMs) > now();
    if (isAwaited || (await this.#isHeldAfterAll(held))) return false;
    return streams.whileArriving({ streamId, playbackId: holder.playbackId }, () =>
      this.#end(held, { ...broadcast, publisherGoneAtMs: goneAtMs }, goneAtMs),
    );
  }

  async #end(held: HeldStream, broadcast: BroadcastState, goneAtMs: number): Promise<boolean> {
    const { now, streams, takeOver, log } = this.#options;
    const { streamId, holder, leaseUntilMs } = held;
    const heldAtMs = now();
    const epoch = await this.#take(held, broadcast);
    if (epoch === null) return false;
    // With a lease, the former task may be alive after all, and must not answer any more.
    const media = leaseUntilMs > heldAtMs ? await takeOver({ streamId, epoch, former: held }) : null;
    log.warn({ streamId, formerTaskId: holder.taskId }, 'stream of a lost task ended');
    const ended = streams.arrive({
      ...{ streamId, epoch, heldAtMs, ...idsOf(holder) },
      broadcast: asHandedOver(broadcast, media),
      package: media ?? lostBroadcast(broadcast, epoch, now()),
    });
    ended?.waitForPublisher(goneAtMs, held.requestedEnd);
    return ended !== null;
  }

  /**
   * A task that can't reach the store goes on with its streams, and its lease runs out all the same. True also if it is not known
   * whether the task does.
   */
  async #isHeldAfterAll({ streamId, holder }: HeldStream): Promise<boolean> {
    const { client, task, streams, askLimitMs = ASK_LIMIT_MS } = this.#options;
    if (holder.taskId === task.taskId) return streams.streamIds.includes(streamId);
    const askedAtMs = performance.now();
    try {
      const answer = await client.ask({
        ...{ address: holder.address, method: 'GET', path: `/cluster/streams/${streamId}` },
        ...{ answerLimitMs: HOLDS_LIMIT_MS, signal: AbortSignal.timeout(askLimitMs) },
      });
      answer.resume();
      return answer.statusCode === 200;
    } catch (error) {
      // A request has shorter limits of its own. This process was suspended, and that says nothing of the other one.
      if (performance.now() - askedAtMs >= askLimitMs) return true;
      if (error instanceof TaskUnreachableError) return false;
      throw error;
    }
  }

  #take({ streamId, epoch, holder }: HeldStream, broadcast: BroadcastState): Promise<number | null> {
    const { store, task, now } = this.#options;
    return store.takeOver({
      ...{ streamId, formerEpoch: epoch, broadcast },
      holder: { ...task, ...idsOf(holder) },
      leaseUntilMs: now() + LEASE_DURATION_MS,
    });
  }
}

/** What the next holder takes over from the one before it. */
const idsOf = ({ playbackId, onAirId }: StreamHolder): Pick<StreamHolder, 'playbackId' | 'onAirId'> =>
  onAirId === undefined ? { playbackId } : { playbackId, onAirId };
