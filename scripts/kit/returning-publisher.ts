import { setTimeout as sleep } from 'node:timers/promises';
import { type PublisherOptions, startPublisher, type TestPublisher } from './publisher.ts';

export interface ReturningPublisherOptions extends PublisherOptions {
  /** How long it waits before it publishes again. */
  readonly retryDelayMs: number;
}

/** Publishes again whenever its FFmpeg ends, as broadcasting software does. */
export class ReturningPublisher {
  readonly #options: ReturningPublisherOptions;
  readonly #stopping = new AbortController();
  readonly #accepted: number[] = [];
  readonly #running: Promise<void>;
  #current: TestPublisher | null = null;

  constructor(options: ReturningPublisherOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** When each publish was accepted, in milliseconds since 1970. */
  get acceptedAtMs(): readonly number[] {
    return this.#accepted;
  }

  /** Its connection breaks. It comes back after its delay. */
  async breakConnection(): Promise<void> {
    await this.#current?.kill();
  }

  /** It ends its publish properly. It comes back after its delay. */
  async endPublish(): Promise<void> {
    await this.#current?.stop();
  }

  /** Goes away as a machine that crashes, and stays away. Resolves when no process is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#current?.kill();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const publisher = await startPublisher(this.#options);
      this.#current = publisher;
      if (signal.aborted) await publisher.kill();
      void publisher.firstPacketAtMs.then((atMs) => atMs !== null && this.#accepted.push(atMs));
      await publisher.exited;
      await sleep(this.#options.retryDelayMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
