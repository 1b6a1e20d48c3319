import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type BreakableProxy, startBreakableProxy } from '#kit/breakable-proxy.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { RunningTask, type RunningTaskOptions } from '#test/encoder/cluster/running-task.ts';
import { Suspension } from './suspension.ts';

/** How a task's connection to the database can break. */
export const DATABASE_FAULTS = ['refuse', 'blackHole', 'slow', 'throttle', 'loseAnswers'] as const;

export interface WorldTaskOptions extends Pick<RunningTaskOptions, 'taskId' | 'spawn' | 'reconnectWindowMs' | 'emit'> {
  readonly databaseUrl: string;
  /** How far its clock is ahead. */
  readonly skewMs: number;
}

/** A task to which things happen. */
export class WorldTask {
  readonly running: RunningTask;
  readonly proxy: BreakableProxy;
  readonly suspension: Suspension;
  #fault: 'none' | 'suspended' | 'database' | 'gone' = 'none';
  #isDead = false;
  /** Since when it could have handed a stream over, in milliseconds of `performance.now()`; null while it can not. */
  #ableSinceMs: number | null = 0;

  private constructor(running: RunningTask, proxy: BreakableProxy, suspension: Suspension) {
    this.running = running;
    this.proxy = proxy;
    this.suspension = suspension;
  }

  static async start({ databaseUrl, skewMs, ...options }: WorldTaskOptions): Promise<WorldTask> {
    let started: WorldTask | null = null;
    const proxy = await startBreakableProxy(databaseUrl);
    const suspension = new Suspension();
    const running = await suspension.run(() =>
      RunningTask.start({
        ...options,
        emit: (event) => started?.isDead === true || options.emit(event),
        now: () => Date.now() + skewMs,
        client: clientFor(proxy.url),
        guard: (object) => suspension.guard(object),
      }),
    );
    started = new WorldTask(running, proxy, suspension);
    return started;
  }

  get taskId(): string {
    return this.running.taskId;
  }

  get isWell(): boolean {
    return this.#fault === 'none';
  }

  /** It was killed, or it drains, or has drained. */
  get isGone(): boolean {
    return this.#fault === 'gone';
  }

  /** It was killed. Its code may go on for a moment, since it runs in this process, but nobody hears of it. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Whether it could have handed a stream over all the time since then, in milliseconds of `performance.now()`. */
  wasAbleSince(atMs: number): boolean {
    return this.#ableSinceMs !== null && this.#ableSinceMs <= atMs;
  }

  suspend(): void {
    this.#fault = 'suspended';
    this.#ableSinceMs = null;
    this.suspension.suspend();
  }

  async breakDatabase(how: (typeof DATABASE_FAULTS)[number]): Promise<void> {
    this.#fault = 'database';
    await this.proxy[how]();
  }

  async mend(): Promise<void> {
    if (this.isGone) return;
    this.#fault = 'none';
    await this.proxy.mend();
    this.suspension.goOn();
    this.#ableSinceMs ??= performance.now();
  }

  /** Nothing happens to it any more: it is about to end. */
  async retire(): Promise<void> {
    await this.mend();
    this.#fault = 'gone';
  }

  /** `accepting` are the publishes that it is about to accept. */
  async kill(accepting: Promise<unknown>): Promise<void> {
    this.#isDead = true;
    this.#ableSinceMs = null;
    await this.proxy.refuse();
    await this.running.kill();
    await accepting;
    await this.running.streams.leave();
  }

  /** Sends its publishers away, also those that it is about to accept, gives its streams to other tasks, and leaves. */
  drain(limitMs: number, accepting: Promise<unknown>): Promise<void> {
    return this.suspension.run(async () => {
      this.running.cluster.drain();
      await accepting;
      await this.running.cluster.handOver(limitMs, new AbortController().signal);
      this.#ableSinceMs = null;
      await this.running.leave();
    });
  }
}

/** As the product's client, but with an endpoint of its own. */
export function clientFor(endpoint: string): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    ...{ endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 2 },
    requestHandler: { connectionTimeout: 300, requestTimeout: 500, throwOnRequestTimeout: true },
  });
  return DynamoDBDocumentClient.from(client);
}
