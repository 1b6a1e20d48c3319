import type { Logger } from 'pino';
import { StoreUnavailableError } from '#runtime/store-unavailable.ts';

/** Strangers choose what is looked up. This bounds what that costs in DynamoDB. A look-up takes some 10 ms. */
const MAX_LOOKUPS = 64;

export interface StoreLookupsOptions {
  /** Of the log line that begins an outage, and of the one that ends it. */
  readonly messages: { readonly unreached: string; readonly reached: string };
  readonly log: Logger;
}

/** Look-ups in a store, of which only so many run at once. Logs one line for an outage, not one for each viewer. */
export class StoreLookups {
  readonly #options: StoreLookupsOptions;
  #running = 0;
  #isReachable = true;

  constructor(options: StoreLookupsOptions) {
    this.#options = options;
  }

  /** Rejects with the error of `lookUp`, or with a StoreUnavailableError if too many run. */
  async run<Found>(lookUp: () => Promise<Found>): Promise<Found> {
    if (this.#running >= MAX_LOOKUPS) throw new StoreUnavailableError('too many look-ups at once');
    this.#running += 1;
    try {
      const found = await lookUp();
      this.#onReached();
      return found;
    } catch (error) {
      this.#onUnreached(error);
      throw error;
    } finally {
      this.#running -= 1;
    }
  }

  #onUnreached(error: unknown): void {
    const { messages, log } = this.#options;
    if (this.#isReachable) log.warn({ err: error }, messages.unreached);
    this.#isReachable = false;
  }

  #onReached(): void {
    const { messages, log } = this.#options;
    if (!this.#isReachable) log.info(messages.reached);
    this.#isReachable = true;
  }
}
