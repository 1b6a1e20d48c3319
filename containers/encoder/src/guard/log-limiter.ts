import { LRUCache } from 'lru-cache';
import { TokenBucket } from '#domain/token-bucket.ts';

const LINES_PER_SECOND = 1;
/** Limits memory. Beyond this many sources, some have more lines than they should. */
const MAX_SOURCES = 1_000;

/** Fields for a log line: how many lines of the same source were left out before it, if any. */
export interface LeftOut {
  readonly leftOut?: number;
}

interface SourceLines {
  readonly bucket: TokenBucket;
  leftOut: number;
}

/** Allows one log line a second for each source and counts those that it leaves out: strangers must not fill the log. */
export class LogLimiter {
  readonly #now: () => number;
  readonly #sources = new LRUCache<string, SourceLines>({ max: MAX_SOURCES });

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Calls `log` unless the source had a line within the last second. */
  write(source: string, log: (leftOut: LeftOut) => void): void {
    const known = this.#sources.get(source);
    const { bucket, leftOut } = known ?? { bucket: this.#newBucket(), leftOut: 0 };
    const isAllowed = bucket.take(1);
    this.#sources.set(source, { bucket, leftOut: isAllowed ? 0 : leftOut + 1 });
    if (isAllowed) log(leftOut === 0 ? {} : { leftOut });
  }

  #newBucket(): TokenBucket {
    return new TokenBucket({ perSecond: LINES_PER_SECOND, capacity: 1, now: this.#now });
  }
}
