import type { BroadcastEndReason, EmitEvent, RestartReason } from '#domain/events.ts';

export interface BroadcastOptions {
  readonly streamId: string;
  readonly playbackId: string;
  readonly emit: EmitEvent;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What viewers can have of a stream, told in events: from the moment it plays until it has ended, and then anew. */
export class Broadcast {
  readonly #options: BroadcastOptions;
  #liveSinceMs: number | null = null;
  #publisherGoneAtMs: number | null = null;

  constructor(options: BroadcastOptions) {
    this.#options = options;
  }

  get isLive(): boolean {
    return this.#liveSinceMs !== null;
  }

  /** There is something to play; said once a broadcast. */
  onPlayable(): void {
    if (this.isLive) return;
    this.#liveSinceMs = this.#options.now();
    this.#emit({ type: 'stream.live' });
  }

  onPublisher(): void {
    this.#publisherGoneAtMs = null;
  }

  onPublisherGone(): void {
    this.#publisherGoneAtMs = this.#options.now();
  }

  /** Before anybody could watch, a restart is no event. */
  onRestart(reason: RestartReason): void {
    if (this.isLive) this.#emit({ type: 'encoder.restarted', reason });
  }

  /** The playlists have ended. Nothing where there were none. */
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

type BroadcastEvent =
  | { readonly type: 'stream.live' }
  | { readonly type: 'stream.ended'; readonly reason: BroadcastEndReason; readonly durationSeconds: number }
  | { readonly type: 'encoder.restarted'; readonly reason: RestartReason };
