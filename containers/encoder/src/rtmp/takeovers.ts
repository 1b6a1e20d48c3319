import { LRUCache } from 'lru-cache';

/** So many takeovers within this time are one too many: two encoders publish the same stream, and both connect again and again. */
const MAX_TAKEOVERS = 3;
const WINDOW_MS = 60_000;
/** How long the others are refused after their last try. */
const REFUSAL_MS = 30_000;
/** Streams that are remembered. Only those with a takeover in the last minute need it. */
const MAX_STREAMS = 1_000;

/** A publisher on air was replaced, as one task tells another: their clocks need not agree. */
export interface Takeover {
  /** The connection that took over. */
  readonly publisherId: string;
  /** Milliseconds before now. */
  readonly ageMs: number;
}

/** A takeover as this task remembers it. */
interface CountedTakeover {
  readonly publisherId: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

interface StreamTakeovers {
  /** The latest, oldest first. */
  readonly latest: readonly CountedTakeover[];
  /** Milliseconds since 1970. */
  readonly refusedUntilMs: number;
}

const NONE: StreamTakeovers = { latest: [], refusedUntilMs: 0 };

/**
 * How often publishers on air were replaced. If it was too often, the one on air stays. Two tasks may see the same takeover, so each
 * is known by the connection that took over.
 */
export class Takeovers {
  readonly #now: () => number;
  readonly #streams: LRUCache<string, StreamTakeovers>;

  /** `now`: milliseconds since 1970. */
  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
    this.#streams = new LRUCache({ max: MAX_STREAMS, ttl: WINDOW_MS, perf: { now } });
  }

  /** Counts a takeover. Returns false, and refuses further ones for 30 s, if there were three in the last minute. */
  take(streamId: string, publisherId: string): boolean {
    const nowMs = this.#now();
    const { latest, refusedUntilMs } = this.#recent(streamId);
    // The task that has the connection has let it through.
    if (isKnown(latest, publisherId)) return true;
    if (refusedUntilMs > nowMs || latest.length >= MAX_TAKEOVERS) {
      this.#streams.set(streamId, { latest, refusedUntilMs: nowMs + REFUSAL_MS });
      return false;
    }
    this.#streams.set(streamId, { latest: [...latest, { publisherId, atMs: nowMs }], refusedUntilMs });
    return true;
  }

  /** The latest takeovers of a stream, for another task. */
  of(streamId: string): readonly Takeover[] {
    const nowMs = this.#now();
    return this.#recent(streamId).latest.map(({ publisherId, atMs }) => ({
      publisherId,
      ageMs: Math.max(0, nowMs - atMs),
    }));
  }

  /** Adds the takeovers that another task has counted. */
  learn(streamId: string, takeovers: readonly Takeover[]): void {
    const { latest, refusedUntilMs } = this.#recent(streamId);
    const unknown = takeovers
      .filter(({ publisherId }) => !isKnown(latest, publisherId))
      .map(({ publisherId, ageMs }) => ({ publisherId, atMs: this.#now() - ageMs }));
    if (unknown.length === 0) return;
    const all = [...latest, ...unknown].sort((a, b) => a.atMs - b.atMs).slice(-MAX_TAKEOVERS);
    this.#streams.set(streamId, { latest: all, refusedUntilMs });
  }

  /** Those of the last minute. */
  #recent(streamId: string): StreamTakeovers {
    const known = this.#streams.get(streamId) ?? NONE;
    const sinceMs = this.#now() - WINDOW_MS;
    return { ...known, latest: known.latest.filter(({ atMs }) => atMs > sinceMs) };
  }
}

const isKnown = (known: readonly CountedTakeover[], publisherId: string): boolean =>
  known.some((each) => each.publisherId === publisherId);
