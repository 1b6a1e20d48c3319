import { LRUCache } from 'lru-cache';

/** So many takeovers within this time are one too many: two encoders publish the same stream, and both connect again and again. */
const MAX_TAKEOVERS = 3;
const WINDOW_MS = 60_000;
/** How long the others are refused after their last try. */
const REFUSAL_MS = 30_000;
/** Within this time, two tasks count the same takeover. */
const SAME_TAKEOVER_MS = 500;
/** Streams that are remembered. Only those with a takeover in the last minute need it. */
const MAX_STREAMS = 1_000;

interface StreamTakeovers {
  /** The latest, oldest first, in milliseconds since 1970. */
  readonly atMs: readonly number[];
  /** Milliseconds since 1970. */
  readonly refusedUntilMs: number;
}

const NONE: StreamTakeovers = { atMs: [], refusedUntilMs: 0 };

/** How often publishers on air were replaced. If it was too often, the one on air stays. */
export class Takeovers {
  readonly #now: () => number;
  readonly #streams: LRUCache<string, StreamTakeovers>;

  /** `now`: milliseconds since 1970. */
  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
    this.#streams = new LRUCache({ max: MAX_STREAMS, ttl: WINDOW_MS, perf: { now } });
  }

  /** Counts a takeover. Returns false, and refuses further ones for 30 s, if there were three in the last minute. */
  take(streamId: string): boolean {
    const nowMs = this.#now();
    const { atMs, refusedUntilMs } = this.#of(streamId);
    // The task that has the connection has let it through.
    if (isKnown(atMs, nowMs)) return true;
    const isRefused = refusedUntilMs > nowMs || atMs.length >= MAX_TAKEOVERS;
    const latest = [...atMs, nowMs].slice(-MAX_TAKEOVERS);
    this.#streams.set(
      streamId,
      isRefused ? { atMs, refusedUntilMs: nowMs + REFUSAL_MS } : { atMs: latest, refusedUntilMs },
    );
    return !isRefused;
  }

  /** How long ago the latest takeovers of a stream were, in milliseconds, for another task. */
  agesOf(streamId: string): readonly number[] {
    return this.#of(streamId).atMs.map((atMs) => Math.max(0, this.#now() - atMs));
  }

  /** Adds the takeovers that another task has counted. */
  learn(streamId: string, agesMs: readonly number[]): void {
    const { atMs, refusedUntilMs } = this.#of(streamId);
    const unknown = agesMs.map((ageMs) => this.#now() - ageMs).filter((each) => !isKnown(atMs, each));
    if (unknown.length === 0) return;
    const latest = [...atMs, ...unknown].sort((a, b) => a - b).slice(-MAX_TAKEOVERS);
    this.#streams.set(streamId, { atMs: latest, refusedUntilMs });
  }

  /** Those of the last minute. */
  #of(streamId: string): StreamTakeovers {
    const known = this.#streams.get(streamId) ?? NONE;
    const sinceMs = this.#now() - WINDOW_MS;
    return { ...known, atMs: known.atMs.filter((atMs) => atMs > sinceMs) };
  }
}

const isKnown = (knownMs: readonly number[], atMs: number): boolean =>
  knownMs.some((each) => Math.abs(each - atMs) < SAME_TAKEOVER_MS);
