import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import type { LiveStream } from './live-stream.ts';

/** How far the epoch of the newest media may be below that of who asks for it: one publish between may have been refused. */
const NEWEST_MEDIA_EPOCHS = 2 * EPOCHS_PER_PUBLISH;
/** How long a stream that another task has is kept for that task, which fetches its media. */
const KEEP_FENCED_MS = 10_000;

/** Streams that other tasks have, kept for a moment for those tasks. */
export class FencedStreams {
  readonly #streams = new Map<string, LiveStream>();

  get all(): readonly LiveStream[] {
    return [...this.#streams.values()];
  }

  add(stream: LiveStream): void {
    this.#streams.set(stream.streamId, stream);
    const timer = setTimeout(() => {
      if (this.#streams.get(stream.streamId) === stream) this.#streams.delete(stream.streamId);
    }, KEEP_FENCED_MS);
    timer.unref();
  }

  /** The stream if it has the newest media for a task that has it under `epoch`. */
  newestBelow(streamId: string, epoch: number): LiveStream | undefined {
    const fenced = this.#streams.get(streamId);
    // Older media is not the newest: this task is asked again because it was to hold the stream once more, and did not hear of that.
    const isNewest = fenced !== undefined && fenced.epoch < epoch && fenced.epoch >= epoch - NEWEST_MEDIA_EPOCHS;
    return isNewest ? fenced : undefined;
  }

  clear(): void {
    this.#streams.clear();
  }
}
