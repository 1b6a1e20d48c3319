import type { EventBody } from '#domain/events.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { Random } from '#kit/random.ts';
import { type startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, type LiveStore } from '#runtime/live-store.ts';
import { signalWithin } from '#runtime/signal-within.ts';
import type { RunningTask } from '#test/encoder/cluster/running-task.ts';
import { publish } from '#test/encoder/streams/test-publish.ts';
import { WorldStream } from './world-stream.ts';
import { clientFor, DATABASE_FAULTS, WorldTask } from './world-task.ts';

const MAX_SKEW_MS = 1_000;
/** As long as a scenario or longer, so that a broadcast ends only when a scenario asks for it. */
const RECONNECT_WINDOW_MS = 60_000;

export interface WorldOptions {
  readonly random: Random;
  readonly database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
  readonly spawn: SpawnProcess;
  /** What a publisher sends. Longer than a scenario. */
  readonly source: readonly FlvTag[];
  readonly streams: number;
}

/** Tasks, streams, their publishers and their viewers, to which a scenario does things. */
export class World {
  readonly log: string[] = [];
  readonly violations = new Set<string>();
  readonly streams: readonly WorldStream[];
  readonly events: EventBody[] = [];
  readonly #options: WorldOptions;
  readonly #tasks: WorldTask[] = [];
  readonly #store: LiveStore;
  readonly #over = new AbortController();
  readonly #background: Promise<unknown>[] = [];
  readonly #startedAtMs = performance.now();
  #hasKilled = false;
  #started = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#store = createLiveStore({ client: clientFor(options.database.url), tables: TEST_TABLES });
    this.streams = Array.from({ length: options.streams }, () => new WorldStream());
  }

  get #usable(): WorldTask[] {
    return this.#tasks.filter(({ isGone }) => !isGone);
  }

  async startTask(): Promise<void> {
    const { random, database, spawn } = this.#options;
    const taskId = `task-${++this.#started}`;
    const skewMs = random.integer(-MAX_SKEW_MS, MAX_SKEW_MS);
    const task = await WorldTask.start({
      ...{ taskId, spawn, skewMs, reconnectWindowMs: RECONNECT_WINDOW_MS, databaseUrl: database.url },
      emit: (event) => this.#onEvent(taskId, event),
    });
    this.#tasks.push(task);
    this.note(`${taskId} started, ${skewMs} ms off`);
  }

  /** Begins to watch all streams, and to look at what tasks believe. */
  watch(): void {
    for (const stream of this.streams) {
      for (let viewer = 0; viewer < 3; viewer++) this.#background.push(this.#view(stream));
    }
    this.#background.push(this.#lookAtOwners());
  }

  /** One random thing. */
  async step(): Promise<void> {
    const { random } = this.#options;
    const task = random.pick(this.#usable);
    const stream = random.pick(this.streams);
    const [act] = random.pick<[() => unknown, number]>(
      (
        [
          [() => this.#publish(stream, task), 8],
          [() => this.#leave(stream), 3],
          [() => this.#suspend(task), 4],
          [() => this.#breakDatabase(task), 4],
          [() => this.#kill(task), 1],
          [() => this.#drain(task), 2],
        ] as [() => unknown, number][]
      ).flatMap((choice) => Array.from({ length: choice[1] }, () => choice)),
    );
    await act();
  }

  /** Makes everything whole, brings every stream to its viewers once more, ends it, and closes the tasks. */
  async finish(): Promise<void> {
    for (const task of this.#usable) await this.#mend(task);
    await Promise.allSettled(this.streams.flatMap(({ turns }) => [...turns.values()]));
    for (const stream of this.streams) {
      await waitFor('a publish', () => this.#publish(stream, this.#options.random.pick(this.#usable)));
      await this.#awaitOnAll(stream, 'a playlist that goes on', (text) => !text.includes('#EXT-X-ENDLIST'));
      await this.#store.requestEnd({ streamId: stream.streamId, reason: 'stopped', nowMs: Date.now() });
      await this.#awaitOnAll(stream, 'the end', (text) => text.includes('#EXT-X-ENDLIST'));
    }
    this.#check();
  }

  async close(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#background);
    for (const stream of this.streams) stream.publish?.handle.leave();
    await Promise.all(this.#usable.map((task) => this.#mend(task)));
    await Promise.allSettled(this.streams.flatMap(({ turns }) => [...turns.values()]));
    await Promise.all(this.#usable.map(({ running }) => running.close()));
    await Promise.all(this.#tasks.map(({ proxy }) => proxy.close()));
  }

  note(what: string): void {
    this.log.push(`${Math.round(performance.now() - this.#startedAtMs)} ms: ${what}`);
  }

  #onEvent(taskId: string, event: EventBody): void {
    this.events.push(event);
    if ('streamId' in event) this.note(`${taskId}: ${event.type} of ${event.streamId} ${JSON.stringify(event)}`);
  }

  /** Whether the publish was accepted. */
  #publish(stream: WorldStream, task: WorldTask): Promise<boolean> {
    const { taskId } = task;
    const id = `publisher-${this.log.length}-${this.#started}`;
    const run = async (former: Promise<unknown> | undefined): Promise<boolean> => {
      await former;
      if (task.isGone) return false;
      // As the registry of an RTMP server does.
      if (stream.publish?.task === task) stream.publish.handle.leave();
      stream.onTake(task);
      try {
        const handle = await task.suspension.run(() => publish(task.running.streams, id, stream.stream));
        this.note(`${id} of ${stream.streamId} accepted by ${taskId}`);
        this.#noteHold(stream);
        if (task.isGone) {
          handle.leave();
          return false;
        }
        void task.suspension.run(() => handle.send(this.#options.source));
        stream.publish = { task, handle };
        void handle.ended.then(({ description }) => this.note(`${id} ended: ${description}`));
        return true;
      } catch (error) {
        this.note(`${id} refused by ${taskId}: ${error}`);
        stream.onRefused(task);
        return false;
      }
    };
    this.note(`${id} publishes ${stream.streamId} on ${taskId}`);
    const turn = run(stream.turns.get(task));
    stream.turns.set(task, turn);
    return turn;
  }

  #accepting(task: WorldTask): Promise<unknown> {
    return Promise.allSettled(this.streams.map(({ turns }) => turns.get(task)));
  }

  #leave(stream: WorldStream): void {
    this.note(`the publisher of ${stream.streamId} leaves ${stream.publish?.task.taskId}`);
    const { publish: former } = stream;
    stream.publish = null;
    former?.task.suspension.run(() => former.handle.leave());
  }

  #suspend(task: WorldTask): void {
    if (!task.isWell) return;
    const { random } = this.#options;
    const limitMs = random.pick([300, 1_000, 1_800, 2_500, 4_000, 9_000]);
    this.note(`${task.taskId} is suspended for ${limitMs} ms`);
    task.suspend();
    this.#later(limitMs, () => this.#mend(task));
  }

  async #breakDatabase(task: WorldTask): Promise<void> {
    if (!task.isWell) return;
    const { random } = this.#options;
    const how = random.pick(DATABASE_FAULTS);
    const limitMs = random.pick([500, 2_000, 9_000]);
    this.note(`the database of ${task.taskId}: ${how} for ${limitMs} ms`);
    await task.breakDatabase(how);
    this.#later(limitMs, () => this.#mend(task));
  }

  async #mend(task: WorldTask): Promise<void> {
    if (task.isWell || task.isGone) return;
    this.note(`${task.taskId} works again`);
    await task.mend();
  }

  async #kill(task: WorldTask): Promise<void> {
    if (this.#hasKilled) return;
    this.#hasKilled = true;
    this.note(`${task.taskId} is killed`);
    await this.#replace(task, () => task.kill(this.#accepting(task)));
  }

  async #drain(task: WorldTask): Promise<void> {
    this.note(`${task.taskId} drains`);
    await this.#replace(task, async () => {
      for (const stream of this.streams) {
        if (stream.publish?.task === task) this.#leave(stream);
        stream.onOffered();
      }
      await task.drain(this.#options.random.pick([0, 500]), this.#accepting(task));
      this.note(`${task.taskId} has drained`);
    });
  }

  async #replace(task: WorldTask, end: () => Promise<void>): Promise<void> {
    await task.retire();
    await this.startTask();
    const ending = end().catch((error: unknown) => this.violations.add(`a task did not end: ${error}`));
    this.#background.push(ending);
    for (const stream of this.streams) if (stream.publish?.task === task) this.#leave(stream);
  }

  #later(delayMs: number, what: () => Promise<void>): void {
    const timer = setTimeout(() => void what(), delayMs);
    this.#over.signal.addEventListener('abort', () => clearTimeout(timer));
  }

  async #view(stream: WorldStream): Promise<void> {
    const { random } = this.#options;
    const { signal } = this.#over;
    while (!signal.aborted) {
      const { running } = random.pick(this.#usable);
      await this.#fetch(stream, running, random.pick(['360p', 'audio']));
      await new Promise((resolve) => setTimeout(resolve, random.integer(20, 150)));
    }
  }

  async #fetch(stream: WorldStream, task: RunningTask, rendition: string): Promise<string | null> {
    const startedAtMs = performance.now();
    const url = `/live/${stream.stream.playbackId}/${rendition}/media.m3u8`;
    try {
      const answer = await task.fetch(url, {
        signal: signalWithin(10_000, this.#over.signal),
      });
      const body = await answer.text();
      if (answer.status === 500) this.violations.add(`${task.taskId} answered 500`);
      if (!answer.ok) return null;
      this.#noteHold(stream);
      for (const violation of stream.add({ url, body, startedAtMs, endedAtMs: performance.now() })) {
        this.violations.add(`${stream.streamId}: ${violation}`);
        this.note(`${task.taskId}: ${violation}\n${body}`);
      }
      return body;
    } catch {
      return null;
    }
  }

  async #lookAtOwners(): Promise<void> {
    while (!this.#over.signal.aborted) {
      for (const stream of this.streams) {
        this.#noteHold(stream);
        const held = this.#usable.flatMap((task) => stream.heldBy(task) ?? []);
        const epochs = held.map(({ epoch }) => epoch);
        if (new Set(epochs).size < epochs.length) this.violations.add(`two tasks hold a stream under epochs ${epochs}`);
        if (held.some(({ isFenced }) => isFenced)) this.violations.add('a task holds a stream that another one has');
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #noteHold(stream: WorldStream): void {
    const unable = stream.noteHold(this.#tasks);
    if (unable !== null) this.note(`${unable.taskId} could not hand ${stream.streamId} over`);
  }

  async #awaitOnAll(stream: WorldStream, what: string, isRight: (playlist: string) => boolean): Promise<void> {
    for (const { running } of this.#usable) {
      await waitFor(
        `${what} of ${stream.streamId} on ${running.taskId}`,
        async () => {
          const playlist = await this.#fetch(stream, running, '360p');
          return playlist !== null && isRight(playlist);
        },
        { timeoutMs: 20_000 },
      );
    }
  }

  #check(): void {
    for (const { streamId, failedHandovers } of this.streams) {
      const types = this.events.flatMap((event) =>
        'streamId' in event && event.streamId === streamId && /live|ended/.test(event.type) ? event.type : [],
      );
      // A task that could not hand over may have told that the stream is live, and not have written that down.
      const extra = Math.max(0, Math.min(failedHandovers, types.length - 2));
      const expected = [...Array.from({ length: 1 + extra }, () => 'stream.live'), 'stream.ended'];
      if (types.join() !== expected.join()) this.violations.add(`${streamId}: the events were ${types}`);
    }
  }
}
