import type { LiveStream } from '#encoder/streams/live-stream.ts';
import { type PlaylistAnswer, PlaylistRecorder } from '#kit/playlist-recorder.ts';
import { newStream } from '#test/encoder/cluster/running-task.ts';
import type { TestPublish } from '#test/encoder/streams/test-publish.ts';
import type { WorldTask } from './world-task.ts';

/** A stream, its publisher, and what its viewers got. */
export class WorldStream {
  readonly stream = newStream();
  publish: { readonly task: WorldTask; readonly handle: TestPublish } | null = null;
  /** The last publish that was asked for on each task, since a server takes one after the other. */
  readonly turns = new Map<WorldTask, Promise<unknown>>();
  readonly #recorder = new PlaylistRecorder();
  readonly #violations = new Set<string>();
  /** Tasks that are about to accept a publish of it, and since when, in milliseconds of `performance.now()`. */
  readonly #takenAtMs = new Map<WorldTask, number>();
  /** Tasks that could not accept one, although the store may have made them the holder. */
  readonly #unheard = new Set<WorldTask>();
  /** When other tasks could last be asked to adopt the stream, in milliseconds of `performance.now()`. */
  #offeredAtMs = 0;
  /** The task that has the stream, and its fencing epoch. */
  #hold: { readonly task: WorldTask; readonly epoch: number } | null = null;
  /** Above all media that was lost with tasks that could not hand it over. */
  #lostBelow = 0;
  #failedHandovers = 0;

  get streamId(): string {
    return this.stream.streamId;
  }

  /** How many tasks could not write down what the next one had to know. */
  get failedHandovers(): number {
    return this.#failedHandovers;
  }

  /** The stream as a task holds it. */
  heldBy({ running }: WorldTask): LiveStream | undefined {
    return running.streams.held.find(({ streamId }) => streamId === this.streamId);
  }

  onTake(task: WorldTask): void {
    this.#takenAtMs.set(task, performance.now());
  }

  onRefused(task: WorldTask): void {
    this.#takenAtMs.delete(task);
    this.#unheard.add(task);
  }

  /** From now on, tasks are asked to adopt it. */
  onOffered(): void {
    this.#offeredAtMs = performance.now();
  }

  /**
   * Notes which task has the stream. Its media may be lost only if a task could not hand it over when this one took it: then viewers
   * may have seen more of it than that one could still write down. Returns that task, or null.
   */
  noteHold(tasks: readonly WorldTask[]): WorldTask | null {
    let unable: WorldTask | null = null;
    for (const task of tasks) {
      const held = this.heldBy(task);
      const former = this.#hold;
      if (held === undefined || held.epoch <= (former?.epoch ?? 0)) continue;
      unable = former === null ? null : this.#whoCouldNotHandOver(former.task, task);
      if (unable !== null) {
        this.#lostBelow = held.currentPackage.nextMsn();
        this.#failedHandovers++;
      }
      this.#hold = { task, epoch: held.epoch };
      this.#takenAtMs.delete(task);
      this.#unheard.clear();
    }
    return unable;
  }

  /** It is the former holder, or one that the store may name as such, although it has not heard of that. */
  #whoCouldNotHandOver(former: WorldTask, task: WorldTask): WorldTask | null {
    const sinceMs = this.#takenAtMs.get(task) ?? this.#offeredAtMs;
    const isUnable = (other: WorldTask): boolean => other !== task && !other.wasAbleSince(sinceMs);
    const unheard = [...this.#unheard].filter((other) => other !== task);
    return [former, ...this.#takenAtMs.keys()].find(isUnable) ?? unheard[0] ?? null;
  }

  /** Adds what a viewer got. Returns what is wrong since then. */
  add(answer: PlaylistAnswer): readonly string[] {
    this.#recorder.add(answer);
    const found = this.#recorder.violationsBesidesLosses(this.#lostBelow);
    const news = found.filter((violation) => !this.#violations.has(violation));
    for (const violation of news) this.#violations.add(violation);
    return news;
  }
}
