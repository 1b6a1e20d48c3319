import { spawn as spawnProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { EventBody } from '#domain/events.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import { Cluster } from '#encoder/cluster/cluster.ts';
import type { ClusterCredential } from '#encoder/cluster/cluster-credential.ts';
import type { OriginRequest } from '#encoder/origin/origin-handler.ts';
import { type OriginServer, startOriginServer } from '#encoder/origin/origin-server.ts';
import { PublisherRegistry } from '#encoder/rtmp/publisher-registry.ts';
import { LiveStreams } from '#encoder/streams/live-streams.ts';
import { TaskRoom } from '#encoder/streams/task-room.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createDocumentClient } from '#runtime/aws-clients.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { createTaskStore } from '#runtime/task-store.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { STREAM } from '../streams/test-publish.ts';

/** What all tasks of a test share. */
export const CREDENTIAL: ClusterCredential = {
  authorization: async () => 'Bearer shared',
  accepts: async (header) => header === 'Bearer shared',
};

export interface RunningTaskOptions {
  readonly taskId: string;
  /** @default a free one */
  readonly internalPort?: number;
  readonly emit: (event: EventBody & { readonly taskId: string }) => void;
  readonly reconnectWindowMs?: number;
  readonly credential?: ClusterCredential;
  readonly capacityVCpus?: number;
  readonly now?: () => number;
  /** @default as the SDK's environment variables say */
  readonly client?: DynamoDBDocumentClient;
  /** @default never lets a stream step */
  readonly arbiter?: StepArbiter;
  /** Runs FFmpeg. @default child_process.spawn */
  readonly spawn?: SpawnProcess;
  /** Stands between the task and what it asks, and between it and who asks it. @default nothing does */
  readonly guard?: <T extends object>(object: T) => T;
}

/** A task of the cluster without its RTMP server, in this process. */
export class RunningTask {
  readonly taskId: string;
  readonly cluster: Cluster;
  readonly origin: OriginServer;
  #hasEnded = false;

  readonly #client: DynamoDBDocumentClient;

  private constructor(taskId: string, cluster: Cluster, origin: OriginServer, client: DynamoDBDocumentClient) {
    this.#client = client;
    this.taskId = taskId;
    this.cluster = cluster;
    this.origin = origin;
  }

  /** The AWS SDK's environment variables say where the database is. */
  static async start(options: RunningTaskOptions): Promise<RunningTask> {
    const {
      taskId,
      emit,
      reconnectWindowMs = 30_000,
      now = Date.now,
      spawn = spawnProcess,
      guard = (it) => it,
    } = options;
    const credential = guard(options.credential ?? CREDENTIAL);
    const log = createLogger({ service: taskId, level: process.env.CLUSTER_TEST_LOG ?? 'silent' });
    const client = options.client ?? createDocumentClient();
    const store = guard(createLiveStore({ client, tables: TEST_TABLES }));
    const room = new TaskRoom({ capacityVCpus: options.capacityVCpus ?? 4, now });
    const cluster = await Cluster.start({
      identity: { taskId, address: '127.0.0.1', revision: null },
      ...{ host: '127.0.0.1', internalPort: options.internalPort ?? 0, credential, reconnectWindowMs, now, log },
      liveStore: store,
      streamIndex: null,
      taskStore: guard(createTaskStore({ client, tables: TEST_TABLES })),
      createStreams: (task) =>
        new LiveStreams({
          traces: { put: async () => undefined },
          ...{ ...task, store, reconnectWindowMs, room, architecture: 'x64', spawn, now, log },
          steadyNow: () => performance.now(),
          arbiter: options.arbiter ?? testArbiter(),
          slates: null,
          emit: (event) => emit({ ...event, taskId }),
        }),
      room: () => room.snapshot(),
      registry: new PublisherRegistry({ now }),
      onRefused: (refusal) => emit({ type: 'stream.refused', ...refusal, taskId }),
      onDrainRequested: () => undefined,
      onTasks: () => undefined,
    });
    const origin = await startOriginServer({
      ...{ host: '127.0.0.1', port: 0, log },
      ...guard({ handle: (request: OriginRequest) => cluster.answer(request) }),
    });
    return new RunningTask(taskId, cluster, origin, client);
  }

  get streams(): LiveStreams {
    return this.cluster.streams;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.origin.port}${path}`, init);
  }

  /** Ends the task as SIGKILL does: nobody is told, and nothing answers at its addresses. */
  async kill(): Promise<void> {
    this.#hasEnded = true;
    await this.cluster.abandon();
    await this.streams.leave();
    await this.origin.close();
    this.#client.destroy();
  }

  /** Ends the task, and leaves its streams to the others, as SIGTERM does when they have been handed over. */
  async leave(): Promise<void> {
    this.#hasEnded = true;
    await this.streams.leave();
    await this.origin.close();
    await this.cluster.close();
    this.#client.destroy();
  }

  /** Ends the task with its streams, as SIGINT does. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    await this.streams.close();
    await this.origin.close();
    await this.cluster.close();
    this.#client.destroy();
  }
}

const newId = (): string =>
  randomBytes(10)
    .toString('hex')
    .slice(0, 16)
    .replaceAll(/[0189]/g, 'a');

/** A stream that no other test has. */
export const newStream = (ladder: AuthorisedStream['ladder'] = '360p'): AuthorisedStream => ({
  ...{ ...STREAM, ladder, streamId: newId(), playbackId: newId() },
});
