import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiEvent, ControlApiClient } from '#scripts/api/control-api-client.ts';
import type { ProgramContext } from '#scripts/bench/bench-context.ts';
import { askAgain } from './ask-again.ts';

const POLL_MS = 500;

export interface ApiWatchOptions {
  readonly api: ControlApiClient;
  readonly streamId: string;
}

/** Keeps what the control API and the events say of one stream. */
export class ApiWatch {
  readonly #options: ApiWatchOptions;
  readonly #events: ApiEvent[] = [];
  readonly #warnings = new Set<string>();
  readonly #statuses: string[] = [];

  private constructor(options: ApiWatchOptions) {
    this.#options = options;
  }

  /** Watches until the context ends. */
  static start(context: ProgramContext, options: ApiWatchOptions): ApiWatch {
    const watch = new ApiWatch(options);
    const ending = new AbortController();
    const signal = AbortSignal.any([context.signal, ending.signal]);
    const running = Promise.allSettled([watch.#followEvents(signal), watch.#poll(signal)]);
    context.defer(async () => {
      ending.abort();
      await running;
    });
    return watch;
  }

  /** The stream's events, in order. */
  get events(): readonly ApiEvent[] {
    return this.#events;
  }

  /** All warnings that the health has had. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** The statuses that the API gave, in order, without repetitions. */
  get statuses(): readonly string[] {
    return this.#statuses;
  }

  /** Why FFmpeg was replaced, once for each time. */
  get restarts(): readonly string[] {
    return this.#events.filter(({ type }) => type === 'encoder.restarted').map(({ reason }) => String(reason));
  }

  /** Events by their types, and warnings. */
  get said(): readonly string[] {
    return [
      ...this.#events.map(({ type, reason }) => (typeof reason === 'string' ? `${type} (${reason})` : type)),
      ...this.warnings.map((warning) => `"${warning}"`),
    ];
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    for await (const event of this.#options.api.followEvents(signal)) {
      if (event.streamId === this.#options.streamId && event.type !== 'api.changed') this.#events.push(event);
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const stream = await askAgain(() => this.#options.api.getStream(this.#options.streamId), signal);
      const status = statusText(stream);
      if (status !== this.#statuses.at(-1)) this.#statuses.push(status);
      for (const warning of stream.health?.warnings ?? []) this.#warnings.add(warning);
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}

const statusText = ({ status }: { readonly status: string }): string => status;
