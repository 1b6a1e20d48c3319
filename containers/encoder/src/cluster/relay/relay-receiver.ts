import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { ReceivedPublish, type ReceivedPublishOptions } from './received-publish.ts';

/**
 * A server that receives relays needs these options. By default, Node.js ends a request that has not ended after five minutes,
 * and limits the headers by the same option.
 */
export const RELAY_SERVER_OPTIONS = {
  requestTimeout: 0,
  headersTimeout: 10_000,
  noDelay: true,
} satisfies ServerOptions;

/** Takes the publishers that other tasks relay to this one. */
export class RelayReceiver {
  readonly #options: ReceivedPublishOptions;

  constructor(options: ReceivedPublishOptions) {
    this.#options = options;
  }

  /**
   * Takes a request for `RELAY_PATH` whose credential was checked. Resolves when the publisher's handler is closed, or when the
   * request ended without one. Never rejects.
   */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return new ReceivedPublish(this.#options, request, response).closed;
  }
}
