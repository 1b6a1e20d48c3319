import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { freeVCpus, type ReportedRoom, type TaskRecord, type TaskState } from '#domain/tasks.ts';
import { OriginHandler, type OriginRequest } from '#encoder/origin/origin-handler.ts';
import type { AnyResponse } from '#encoder/origin/origin-response.ts';
import { type OriginServer, startOriginServer } from '#encoder/origin/origin-server.ts';
import { StatusWaits } from '#encoder/origin/status-waits.ts';
import type { RefusedPublish } from '#encoder/rtmp/publisher.ts';
import type { PublisherRegistry } from '#encoder/rtmp/publisher-registry.ts';
import type { LiveStreams, LiveStreamsOptions } from '#encoder/streams/live-streams.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { StreamIndex } from '#runtime/stream-index.ts';
import type { TaskStore } from '#runtime/task-store.ts';
import { AnswerClient } from './answers/answer-client.ts';
import type { ClusterCredential } from './cluster-credential.ts';
import { Forwarder } from './forwarder.ts';
import { takeOver } from './handover.ts';
import { InternalRoutes } from './internal-routes.ts';
import { OwnerDirectory } from './owner-directory.ts';
import { Relays } from './relays.ts';
import { StreamCatalogue } from './stream-catalogue.ts';
import { TaskClient } from './task-client.ts';
import type { TaskIdentity } from './task-identity.ts';
import { TaskRegistration } from './task-registration.ts';
import { WaitingStreams } from './waiting-streams.ts';

/** How often a task that stops checks whether its streams have gone to other tasks. */
const HANDOVER_POLL_MS = 100;
/** How long another task may take to take a stream over: it stops to wait for the store and for the media. */
const ADOPT_LIMIT_MS = 8_000;

export interface ClusterOptions {
  readonly identity: TaskIdentity;
  readonly host: string;
  /** Of the internal server. 0 picks a free port. */
  readonly internalPort: number;
  readonly credential: ClusterCredential;
  readonly liveStore: LiveStore;
  readonly taskStore: TaskStore;
  /** Null if another backend knows the streams. */
  readonly streamIndex: StreamIndex | null;
  /** Makes the streams of this task. */
  readonly createStreams: (options: Pick<LiveStreamsOptions, 'task' | 'takeOver'>) => LiveStreams;
  /** The publishers of this task. */
  readonly registry: PublisherRegistry;
  readonly onRefused: (refusal: RefusedPublish) => void;
  readonly room: () => ReportedRoom;
  readonly reconnectWindowMs: number;
  readonly onDrainRequested: () => void;
  /** Called with all tasks that are known, about once a second. */
  readonly onTasks: (tasks: readonly TaskRecord[]) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** This task among the others: any of them answers for all streams. */
export class Cluster {
  readonly streams: LiveStreams;
  readonly relays: Relays;
  readonly #options: ClusterOptions;
  readonly #internal: OriginServer;
  readonly #client: TaskClient;
  readonly #answers: AnswerClient;
  readonly #origin: OriginHandler;
  readonly #statusWaits = new StatusWaits();
  readonly #forwarder: Forwarder;
  readonly #registration: TaskRegistration;
  readonly #waiting: WaitingStreams;
  readonly #startedAt: string;
  #state: TaskState = 'active';

  private constructor(options: ClusterOptions, internal: OriginServer, routes: { current: InternalRoutes | null }) {
    const { identity, credential, liveStore, streamIndex, createStreams, reconnectWindowMs, now, log } = options;
    this.#options = options;
    this.#internal = internal;
    this.#startedAt = new Date(now()).toISOString();
    const client = new TaskClient(credential);
    this.#client = client;
    this.#answers = new AnswerClient({ credential });
    const task = { taskId: identity.taskId, address: `${identity.address}:${internal.port}` };
    const takeOverStream: LiveStreamsOptions['takeOver'] = (request) => takeOver(request, { client, log });
    const streams = createStreams({ task, takeOver: takeOverStream });
    this.streams = streams;
    const catalogue = streamIndex === null ? null : new StreamCatalogue({ index: streamIndex, now, log });
    this.#origin = new OriginHandler({
      findStream: (playbackId) => streams.findAnswerable(playbackId),
      now,
      statusWaits: this.#statusWaits,
      titleOf: async (playbackId) => (await catalogue?.known(playbackId))?.title,
    });
    this.#waiting = new WaitingStreams({
      ...{ task, store: liveStore, streams, client, takeOver: takeOverStream, reconnectWindowMs, now, log },
    });
    const directory = new OwnerDirectory({ store: liveStore, now, log });
    this.#forwarder = new Forwarder({
      ...{ taskId: task.taskId, client: this.#answers, directory, catalogue, now },
      settleAbandoned: (held) => this.#waiting.settle(held),
      answerHere: (request) => this.answer(request),
      isHere: (playbackId) => streams.find(playbackId) !== undefined,
      statusWaits: this.#statusWaits,
    });
    this.relays = new Relays({
      ...{ taskId: task.taskId, streams, directory, credential, now, log },
      ...{ registry: options.registry, onRefused: options.onRefused },
      peers: () => this.peers,
    });
    routes.current = new InternalRoutes({
      ...{ credential, streams, relays: this.relays, log },
      origin: this.#origin,
      adopt: (streamId) => this.#waiting.adopt(streamId),
    });
    this.#registration = new TaskRegistration({
      ...options,
      store: options.taskStore,
      describe: () => this.#describe(task.address),
      onLostTask: (lost) => this.#settleAll(lost),
    });
  }

  /** Starts the internal server, and registers the task. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    // The streams need the server's port, and the server needs the streams. Nobody knows the port yet.
    const routes: { current: InternalRoutes | null } = { current: null };
    const get = (): InternalRoutes => {
      if (routes.current === null) throw new Error('the internal server was called too early');
      return routes.current;
    };
    const internal = await startOriginServer({
      ...{ host: options.host, port: options.internalPort, log: options.log },
      handle: (request) => get().answer(request),
      intercept: (request, response) => get().intercept(request, response),
      // A relayed publish is one request.
      requestLimitMs: 0,
    });
    const cluster = new Cluster(options, internal, routes);
    await cluster.#registration.start();
    return cluster;
  }

  get internalPort(): number {
    return this.#internal.port;
  }

  /** Answers a viewer's request, whichever task holds the stream. */
  answer(request: OriginRequest): Promise<AnyResponse> {
    return this.#origin.handle(request, (target) => this.#forwarder.answer(target, request));
  }

  /** The other tasks that live and take publishers, as far as known. */
  get peers(): readonly TaskRecord[] {
    return this.#registration.peers;
  }

  /** Whether somebody's broadcast would be interrupted if the task went away now. */
  get hasPublishers(): boolean {
    return this.relays.sent > 0 || this.streams.held.some(({ hasPublisher }) => hasPublisher);
  }

  /** Takes no more publishers of other tasks, and tells those. */
  drain(): void {
    this.#state = 'draining';
    this.streams.drain();
    this.relays.drain();
  }

  /**
   * Waits until other tasks hold the streams, and asks them to take those that are left when the time is over. Viewers are served
   * meanwhile. No stream ends because of this, but one whose publisher has stayed away.
   */
  async handOver(limitMs: number, signal: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    while (this.streams.held.some(({ hasEnded }) => !hasEnded) && performance.now() < deadlineMs && !signal.aborted) {
      if (this.peers.length === 0 && !this.streams.held.some(({ hasPublisher }) => hasPublisher)) break;
      await pause(HANDOVER_POLL_MS);
    }
    if (!signal.aborted) await Promise.all(this.streams.held.map(({ streamId }) => this.#giveAway(streamId)));
  }

  /** Answers those who wait for a status to change. This task does not stay until it does. */
  endStatusWaits(): void {
    this.#statusWaits.close();
  }

  /** Leaves the other tasks. Streams that are still held are lost to them. */
  async close(): Promise<void> {
    await this.#registration.close();
    await this.abandon();
  }

  /** Stops without a word to the other tasks, which find out by themselves. */
  async abandon(): Promise<void> {
    this.#registration.stop();
    await this.#internal.close();
    this.#client.close();
    this.#answers.close();
  }

  /** Asks the tasks with most room first. */
  async #giveAway(streamId: string): Promise<void> {
    const { log } = this.#options;
    const byRoom = [...this.peers].sort((a, b) => freeVCpus(b.room) - freeVCpus(a.room));
    for (const { address, taskId } of byRoom) {
      try {
        const answer = await this.#client.ask({
          ...{ address, method: 'POST', path: `/cluster/streams/${streamId}/adopt` },
          ...{ answerLimitMs: ADOPT_LIMIT_MS, signal: AbortSignal.timeout(ADOPT_LIMIT_MS) },
        });
        answer.resume();
        if (answer.statusCode === 200) return;
      } catch (error) {
        log.warn({ streamId, toTaskId: taskId, err: error }, 'stream not given away');
      }
    }
    log.warn({ streamId }, 'no task took the stream; the next one that hears of it goes on with it or ends it');
  }

  /** Whether nothing is left of a lost task's streams. */
  async #settleAll({ taskId, streamIds }: TaskRecord): Promise<boolean> {
    let isSettled = true;
    for (const streamId of streamIds) {
      const held = await this.#options.liveStore.getHeld(streamId);
      const isLeft = held !== null && held.holder.taskId === taskId && held.broadcast?.endedAtMs === null;
      if (isLeft && !(await this.#waiting.settle(held))) isSettled = false;
    }
    return isSettled;
  }

  #describe(address: string) {
    const { identity, room } = this.#options;
    const { taskId, revision } = identity;
    const streamIds = this.streams.held.filter(({ hasEnded }) => !hasEnded).map(({ streamId }) => streamId);
    const { capacityVCpus, usedVCpus } = room();
    const state = { state: this.#state, startedAt: this.#startedAt, room: { capacityVCpus, usedVCpus }, streamIds };
    return { taskId, address, revision, ...state };
  }
}
