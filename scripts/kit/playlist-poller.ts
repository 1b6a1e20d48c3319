import { HttpClient } from '#scripts/check-hls/http-client.ts';
import type { StreamWitness } from './stream-witness.ts';

export interface PlaylistPollerOptions {
  /** Folders of the stream's playlists, such as one at each task, without a trailing slash. */
  readonly liveUrls: readonly string[];
  /** Files of the stream, such as `360p/media.m3u8`. */
  readonly files: readonly string[];
  readonly witness: StreamWitness;
}

const INTERVAL_MS = 200;
/** Requests that wait at one address, which may be suspended. */
const MAX_WAITING = 200;

/**
 * Asks every address for the playlists again and again, and does not wait for earlier answers. So a task that was suspended has
 * requests to answer that were sent long after others had answered. An address that does not answer is no failure.
 */
export class PlaylistPoller {
  readonly #options: PlaylistPollerOptions;
  readonly #client = new HttpClient();
  readonly #stopping = new AbortController();
  readonly #waiting = new Map<string, number>();
  readonly #answers = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: PlaylistPollerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#askAll(), INTERVAL_MS);
  }

  /** How many answers came from an address. */
  answersFrom(liveUrl: string): number {
    return this.#answers.get(liveUrl) ?? 0;
  }

  /** How many of them were refusals. */
  refusalsFrom(liveUrl: string): number {
    return this.#refusals.get(liveUrl) ?? 0;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopping.abort();
    this.#client.close();
  }

  #askAll(): void {
    for (const liveUrl of this.#options.liveUrls) {
      for (const file of this.#options.files) void this.#ask(liveUrl, file);
    }
  }

  async #ask(liveUrl: string, file: string): Promise<void> {
    const waiting = this.#waiting.get(liveUrl) ?? 0;
    if (waiting >= MAX_WAITING) return;
    this.#waiting.set(liveUrl, waiting + 1);
    try {
      const response = await this.#client.get(`${liveUrl}/${file}`, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      this.#answers.set(liveUrl, this.answersFrom(liveUrl) + 1);
      if (this.#options.witness.add(response) === null) this.#refusals.set(liveUrl, this.refusalsFrom(liveUrl) + 1);
    } catch {
      // The task is away.
    } finally {
      this.#waiting.set(liveUrl, (this.#waiting.get(liveUrl) ?? 1) - 1);
    }
  }
}
