import type { BroadcastEndReason, EmitEvent, EventBody, FailoverReason, RestartReason } from '#domain/events.ts';
import type { IngestName } from '#domain/ingest-auth.ts';

export interface BroadcastOptions {
  readonly streamId: string;
  readonly playbackId: string;
  /** When it became live on another task. Null if it is not live yet. */
  readonly liveSinceMs: number | null;
  readonly emit: EmitEvent;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Emits the events of a stream's broadcasts: each begins when viewers can play it and ends with its playlists. */
export class Broadcast {
  readonly #options: BroadcastOptions;
  #liveSinceMs: number | null;
  #publisherGoneAtMs: number | null = null;

  constructor(options: BroadcastOptions) {
    this.#options = options;
    this.#liveSinceMs = options.liveSinceMs;
  }

  get isLive(): boolean {
    return this.#liveSinceMs !== null;
  }

  /** Milliseconds since 1970; null while viewers have nothing to play. */
  get liveSinceMs(): number | null {
    return this.#liveSinceMs;
  }

  /** Milliseconds since 1970; null while somebody publishes. */
  get publisherGoneAtMs(): number | null {
    return this.#publisherGoneAtMs;
  }

  /** Viewers have something to play. Emits an event the first time in a broadcast. */
  onPlayable(): void {
    if (this.isLive) return;
    this.#liveSinceMs = this.#options.now();
    this.#emit({ type: 'stream.live' });
  }

  onPublisher(): void {
    this.#publisherGoneAtMs = null;
  }

  /** The publisher has left, now or at a time that another task has seen. */
  onPublisherGone(atMs: number = this.#options.now()): void {
    this.#publisherGoneAtMs = atMs;
  }

  /** A restart before anybody could watch is no event. */
  onRestart(reason: RestartReason): void {
    if (this.isLive) this.#emit({ type: 'encoder.restarted', reason });
  }

  /** Like a restart, a change of publishers before anybody could watch is no event. */
  onFailover(onAir: IngestName, reason: FailoverReason): void {
    if (this.isLive) this.#emit({ type: 'stream.failover', onAir, reason });
  }

  /** Like a restart, a step before anybody could watch is no event. */
  onQualityStep({ direction, renditions }: Pick<QualityChange, 'direction' | 'renditions'>): void {
    if (this.isLive) this.#emit({ type: 'stream.quality-changed', direction, renditions });
  }

  /** The playlists have ended. Does nothing if viewers had nothing to play. */
  end(reason: BroadcastEndReason): void {
    if (this.#liveSinceMs === null) return;
    const endMs = this.#publisherGoneAtMs ?? this.#options.now();
    const durationSeconds = Math.max(0, Math.round((endMs - this.#liveSinceMs) / 100) / 10);
    this.#liveSinceMs = null;
    this.#emit({ type: 'stream.ended', reason, durationSeconds });
  }

  #emit(event: BroadcastEvent): void {
    const { streamId, playbackId, emit } = this.#options;
    emit({ ...event, streamId, playbackId });
  }
}

type QualityChange = Extract<EventBody, { type: 'stream.quality-changed' }>;

type BroadcastEvent =
  | Omit<QualityChange, 'streamId' | 'playbackId'>
  | { readonly type: 'stream.live' }
  | { readonly type: 'stream.ended'; readonly reason: BroadcastEndReason; readonly durationSeconds: number }
  | { readonly type: 'stream.failover'; readonly onAir: IngestName; readonly reason: FailoverReason }
  | { readonly type: 'encoder.restarted'; readonly reason: RestartReason };
