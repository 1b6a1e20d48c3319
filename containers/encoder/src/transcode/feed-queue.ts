import type { TimedTag } from './tag-cache.ts';

const MAX_BYTES = 16 * 1024 * 1024;
/** A tag costs more memory than its bytes. Leaves room for a whole tag cache and a network's backlog. */
const MAX_TAGS = 16_384;

/** A tag that FFmpeg has not been given yet. */
export interface QueuedTag extends TimedTag {
  /** When it was queued, in milliseconds of any clock. */
  readonly queuedAtMs: number;
}

/** What waits for FFmpeg to read, oldest first. Unlike what has been written to its pipe, it can still be dropped. */
export class FeedQueue {
  #tags: QueuedTag[] = [];
  #bytes = 0;

  get tags(): readonly QueuedTag[] {
    return this.#tags;
  }

  /** Whether it holds more than it may. */
  get isTooFull(): boolean {
    return this.#bytes > MAX_BYTES || this.#tags.length > MAX_TAGS;
  }

  push(queued: QueuedTag): void {
    this.#tags.push(queued);
    this.#bytes += queued.tag.payload.length;
  }

  /** Removes the oldest tag and returns it; undefined if there is none. */
  shift(): QueuedTag | undefined {
    const oldest = this.#tags.shift();
    this.#bytes -= oldest?.tag.payload.length ?? 0;
    return oldest;
  }

  /** Drops the tags for which `isWanted` is false. */
  keep(isWanted: (queued: QueuedTag, index: number) => boolean): void {
    this.#tags = this.#tags.filter(isWanted);
    this.#bytes = this.#tags.reduce((bytes, { tag }) => bytes + tag.payload.length, 0);
  }
}
