import { HttpClient, type TimedResponse } from './http-client.ts';
import type { StreamChecker } from './stream-checker.ts';

export interface WatchClientOptions {
  readonly checker: StreamChecker;
  /** Ends all requests. */
  readonly signal: AbortSignal;
  readonly onAnswer?: ((response: TimedResponse) => void) | undefined;
}

const LAST_LIMIT_MS = 5_000;

/** Loads what a watch asks for. All that comes of it goes to the checker, silence too. */
export class WatchClient {
  answers = 0;
  readonly #options: WatchClientOptions;
  readonly #http = new HttpClient();
  /** A stream that has not begun may be silent. */
  #hasBegun = false;
  #isClosed = false;

  constructor(options: WatchClientOptions) {
    this.#options = options;
  }

  /** From here on each request has to be answered. */
  begin(): void {
    this.#hasBegun = true;
  }

  /** Resolves to null if there is no answer. */
  async get(url: string, range?: string): Promise<TimedResponse | null> {
    const { checker, signal, onAnswer } = this.#options;
    if (signal.aborted) return null;
    const startedAtMs = performance.now();
    try {
      const response = await this.#http.get(url, signal, range === undefined ? {} : { range });
      this.answers += 1;
      onAnswer?.(response);
      checker.add({ ...response, ...(range !== undefined && { range }) });
      return response;
    } catch (error) {
      if (!this.#hasBegun || this.#isClosed) return null;
      const reason = signal.aborted ? null : reasonOf(error);
      checker.addUnanswered({ url, startedAtMs, endedAtMs: performance.now(), reason });
      return null;
    }
  }

  /** One more answer after the end of the watch. */
  async getLast(url: string): Promise<void> {
    const last = await this.#http.get(url, AbortSignal.timeout(LAST_LIMIT_MS)).catch(() => null);
    if (last !== null) this.#options.checker.add(last);
  }

  close(): void {
    this.#isClosed = true;
    this.#http.close();
  }
}

/** Without the URL, which may have a viewer token in it. */
function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? 'nothing came';
}
