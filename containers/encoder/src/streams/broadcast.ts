import type { EmitEvent, EventBody, FailoverReason, RestartReason } from '#domain/events.ts';
import type { IngestName } from '#domain/ingest-auth.ts';
import { isPreview } from '#domain/playback-ids.ts';
import type { BroadcastEndReason } from '#domain/streams.ts';

export interface BroadcastOptions {
  readonly streamId: string;
  readonly playbackId: string;
  /** When it became live on another task. Null if it is not live yet. */
  readonly liveSinceMs: number | null;
  readonly emit: EmitEvent;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The time and the reason of a publisher's absence. */
export interface PublisherAbsence {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  readonly reason: BroadcastEndReason;
}

/** A broadcast as its viewers see it. Times are in milliseconds since 1970. */
export interface BroadcastTimes {
  /** Null if it is not known. */
  readonly liveSinceMs: number | null;
  /** Null while somebody publishes. */
  readonly absence: PublisherAbsence | null;
}

/** Emits the events of a stream's broadcasts: each begins when viewers can play it and ends with its playlists. */
export class Broadcast {
  readonly #options: BroadcastOptions;
  #liveSinceMs: number | null;
  #absence: PublisherAbsence | null = null;
  /** The last one that has ended here. */
  #ended: BroadcastTimes | null = null;

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

  /** Null while somebody publishes. */
  get absence(): PublisherAbsence | null {
    return this.#absence;
  }

  /** The broadcast that is live, or else the last one that has ended here. Null if there was none. */
  get latest(): BroadcastTimes | null {
    if (this.#liveSinceMs === null) return this.#ended;
    return { liveSinceMs: this.#liveSinceMs, absence: this.#absence };
  }

  /** Viewers have something to play. Emits an event the first time in a broadcast. */
  onPlayable(): void {
    if (this.isLive) return;
    this.#liveSinceMs = this.#options.now();
    this.#emit({ type: this.#isPreview ? 'stream.preview-started' : 'stream.live' });
  }

  onPublisher(): void {
    this.#absence = null;
  }

  /** The publisher has left, now or at a time that another task has seen. */
  onPublisherGone(reason: BroadcastEndReason, sinceMs: number = this.#options.now()): void {
    this.#absence = { sinceMs, reason };
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
    const liveSinceMs = this.#liveSinceMs;
    const endMs = this.#absence?.sinceMs ?? this.#options.now();
    const durationSeconds = Math.max(0, Math.round((endMs - liveSinceMs) / 100) / 10);
    this.#ended = { liveSinceMs, absence: { sinceMs: endMs, reason } };
    this.#liveSinceMs = null;
    this.#emit({ type: this.#isPreview ? 'stream.preview-ended' : 'stream.ended', reason, durationSeconds });
  }

  get #isPreview(): boolean {
    return isPreview(this.#options.playbackId);
  }

  #emit(event: BroadcastEvent): void {
    const { streamId, playbackId, emit } = this.#options;
    emit({ ...event, streamId, playbackId });
  }
}

type QualityChange = Extract<EventBody, { type: 'stream.quality-changed' }>;

type BroadcastEvent =
  | Omit<QualityChange, 'streamId' | 'playbackId'>
  | { readonly type: 'stream.live' | 'stream.preview-started' }
  | {
      readonly type: 'stream.ended' | 'stream.preview-ended';
      readonly reason: BroadcastEndReason;
      readonly durationSeconds: number;
    }
  | { readonly type: 'stream.failover'; readonly onAir: IngestName; readonly reason: FailoverReason }
  | { readonly type: 'encoder.restarted'; readonly reason: RestartReason };
