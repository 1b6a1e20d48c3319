import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { HeldStream } from '#domain/streams.ts';
import { freeVCpus, type TaskRecord } from '#domain/tasks.ts';
import {
  type AcceptPublisher,
  type Publisher,
  type PublisherHandler,
  PublishRefusal,
  REPLACED_BY_NEWER,
  type RefusedPublish,
  refuseIfEnded,
  SERVER_REPLACED,
} from '#encoder/rtmp/publisher.ts';
import type { Claimant, PublisherRegistry } from '#encoder/rtmp/publisher-registry.ts';
import type { LiveStreams } from '#encoder/streams/live-streams.ts';
import type { ClusterCredential } from './cluster-credential.ts';
import type { OwnerDirectory } from './owner-directory.ts';
import { relayPublisher } from './relay/relay-publisher.ts';
import { RelayReceiver } from './relay/relay-receiver.ts';

/** How many tasks are asked to take a publish. Each may take seconds to answer, and the broadcaster waits. */
const MAX_TRIES = 5;
const NO_ROOM = 'This task has no room';

type TaskPlace = Pick<TaskRecord, 'address' | 'taskId'>;

export interface RelaysOptions {
  /** This task. */
  readonly taskId: string;
  readonly streams: LiveStreams;
  /** The publishers of this task, relayed or not: a stream has one. */
  readonly registry: PublisherRegistry;
  /** The other tasks that take publishers. */
  readonly peers: () => readonly TaskRecord[];
  readonly directory: Pick<OwnerDirectory, 'refresh'>;
  readonly credential: ClusterCredential;
  readonly onRefused: (refusal: RefusedPublish) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Publishes whose connection is at one task, and which another task encodes: those that this task sends, and those that it gets. */
export class Relays {
  readonly #options: RelaysOptions;
  readonly #receiver: RelayReceiver;
  readonly #sent = new Set<Publisher>();
  readonly #received = new Set<Publisher>();
  #isDraining = false;

  constructor(options: RelaysOptions) {
    this.#options = options;
    const { taskId, registry, log } = options;
    const { takeovers } = registry;
    this.#receiver = new RelayReceiver({
      taskId,
      takeovers,
      acceptPublisher: (publisher) => this.#take(publisher),
      log,
    });
  }

  /** How many publishes this task sends to others. */
  get sent(): number {
    return this.#sent.size;
  }

  /** Takes a publish that another task sends. The credential was checked. Never rejects. */
  receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#receiver.handle(request, response);
  }

  /** Takes no more publishes of other tasks. Those that there are leave as the publishers of this task do. */
  drain(): void {
    this.#isDraining = true;
    for (const publisher of this.#received) publisher.sendAway();
  }

  /**
   * Encodes a publish where its stream is: that task's FFmpeg goes on. Otherwise here if there is room, else at the task with most
   * room. Refuses it if no task has any.
   */
  accept: AcceptPublisher = async (publisher) => {
    const { streams } = this.#options;
    const { streamId } = publisher.stream;
    const holder = streams.streamIds.includes(streamId) ? undefined : await this.#holderOf(publisher);
    const goingOn = holder === undefined ? null : await this.#sendTo(holder, publisher);
    if (goingOn !== null) return goingOn;
    if (streams.hasRoomFor(publisher.stream)) return streams.accept(publisher);
    for (const peer of this.#peersFor(publisher, holder).slice(0, MAX_TRIES)) {
      refuseIfEnded(publisher);
      const handler = await this.#sendTo(peer, publisher);
      if (handler !== null) return handler;
    }
    // It refuses the publish, and counts it as demand.
    return streams.accept(publisher);
  };

  /** The tasks' records are a second old. If a stream has two publishers, the one that comes second must not take it from the first. */
  async #holderOf({ stream }: Publisher): Promise<TaskPlace | undefined> {
    const { peers, taskId } = this.#options;
    const known = peers().find(({ streamIds }) => streamIds.includes(stream.streamId));
    if (known !== undefined || stream.ingest === undefined) return known;
    const held = (await this.#heldAs(stream.onAirPlaybackId)) ?? (await this.#heldAs(stream.playbackId));
    return held === null || held.holder.taskId === taskId ? undefined : held.holder;
  }

  async #heldAs(playbackId: string | undefined): Promise<HeldStream | null> {
    return playbackId === undefined ? null : this.#options.directory.refresh(playbackId);
  }

  /** The tasks that have room, most room first, but for one that was asked already. */
  #peersFor({ stream }: Publisher, asked: TaskPlace | undefined): readonly TaskRecord[] {
    const wanted = this.#options.streams.costOf(stream);
    return this.#options
      .peers()
      .filter(({ taskId, room }) => taskId !== asked?.taskId && freeVCpus(room) >= wanted)
      .sort((a, b) => freeVCpus(b.room) - freeVCpus(a.room));
  }

  /** Null if the task does not take the publish. Rejects with a refusal that no other task would change. */
  async #sendTo({ address, taskId }: TaskPlace, publisher: Publisher): Promise<PublisherHandler | null> {
    const { credential, registry, onRefused, log } = this.#options;
    const { takeovers } = registry;
    try {
      const authorization = await credential.authorization();
      const handler = await relayPublisher({ address, taskId, authorization, publisher, takeovers, onRefused, log });
      this.#sent.add(publisher);
      log.info({ streamId: publisher.stream.streamId, toTaskId: taskId }, 'publish relayed');
      return {
        onTag: (tag, receivedAtMs) => handler.onTag(tag, receivedAtMs),
        isPlayable: () => handler.isPlayable(),
        isCrowded: () => handler.isCrowded?.() ?? false,
        onContested: (refusedAddress) => handler.onContested(refusedAddress),
        onClose: (departure) => {
          this.#sent.delete(publisher);
          handler.onClose(departure);
        },
      };
    } catch (error) {
      if (error instanceof PublishRefusal && error.code === 'NetStream.Publish.BadName') throw error;
      log.warn({ streamId: publisher.stream.streamId, toTaskId: taskId, err: error }, 'publish not relayed');
      return null;
    }
  }

  /** As for a publisher that is connected here: it replaces the stream's former one, and the next one replaces it. */
  async #take(publisher: Publisher): Promise<PublisherHandler> {
    const { streams, registry, now } = this.#options;
    if (this.#isDraining) throw new PublishRefusal('NetStream.Publish.Rejected', SERVER_REPLACED);
    // No event and no demand yet: the other task asks the next one.
    if (!streams.hasRoomFor(publisher.stream)) throw new PublishRefusal('NetStream.Publish.Rejected', NO_ROOM);
    const claimant = new RelayedClaimant(publisher);
    const leave = (): void => {
      this.#received.delete(publisher);
      registry.release(publisher.stream, claimant);
      claimant.close();
    };
    this.#received.add(publisher);
    try {
      await this.#claim(publisher.stream, claimant);
      const handler = await streams.accept(publisher);
      claimant.handler = handler;
      return {
        onTag: (tag, receivedAtMs) => {
          // By this task's clock, like those of the registry.
          claimant.lastTagAtMs = now();
          handler.onTag(tag, receivedAtMs);
        },
        isPlayable: () => handler.isPlayable(),
        onContested: (refusedAddress) => handler.onContested(refusedAddress),
        onClose: (departure) => {
          handler.onClose(departure);
          leave();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Rejects with a refusal, which is reported, if the stream's former publisher stays on air. */
  async #claim(stream: AuthorisedStream, claimant: RelayedClaimant): Promise<void> {
    const { registry, onRefused } = this.#options;
    try {
      await registry.claim(stream, claimant);
    } catch (error) {
      const sourceAddress = claimant.remoteAddress;
      if (error instanceof PublishRefusal)
        onRefused({ streamId: stream.streamId, code: error.code, description: error.message, sourceAddress });
      throw error;
    }
  }
}

/** A relayed publish in the registry of the task that encodes it. */
class RelayedClaimant implements Claimant {
  readonly closed: Promise<void>;
  lastTagAtMs: number | null = null;
  /** Null until the publish is accepted. */
  handler: PublisherHandler | null = null;
  readonly #publisher: Publisher;
  #resolveClosed: () => void = () => undefined;

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get id(): string {
    return this.#publisher.id;
  }

  get remoteAddress(): string {
    return this.#publisher.remoteAddress;
  }

  onContested(refusedAddress: string): void {
    this.handler?.onContested(refusedAddress);
  }

  replace(): void {
    this.#publisher.end('NetStream.Publish.BadName', REPLACED_BY_NEWER);
  }

  close(): void {
    this.#resolveClosed();
  }
}
