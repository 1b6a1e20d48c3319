import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { generateSecret } from '#domain/stream-ids.ts';
import type { ReceivedPublishOptions } from '#encoder/cluster/relay/received-publish.ts';
import type { RelayedEnd } from '#encoder/cluster/relay/relay-messages.ts';
import { type RelayPublisherOptions, relayPublisher } from '#encoder/cluster/relay/relay-publisher.ts';
import { RELAY_SERVER_OPTIONS, RelayReceiver } from '#encoder/cluster/relay/relay-receiver.ts';
import type { Publisher, PublisherHandler, RefusedPublish } from '#encoder/rtmp/publisher.ts';
import { Takeovers } from '#encoder/rtmp/takeovers.ts';
import { RecordingServer, streamOf } from '../../rtmp/recording-server.ts';

export const AUTHORIZATION = `Bearer ${generateSecret(randomBytes)}`;
export const TASK_ID = 'owner';
export const SILENT = pino({ level: 'silent' });

const servers = new Set<Server>();

/** Closes every server of this file with its connections. For `afterEach`. */
export async function closeServers(): Promise<void> {
  for (const server of servers) {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
  servers.clear();
}

/** An HTTP server on loopback. Checks for requests that take too long all the time, not every 30 s. */
export async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(
    { ...RELAY_SERVER_OPTIONS, headersTimeout: 100, connectionsCheckingInterval: 10 },
    handle,
  );
  servers.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A task that takes relayed publishes and records them. */
export class Owner {
  readonly recorder = new RecordingServer();
  readonly requests: IncomingMessage[] = [];
  readonly logLines: Record<string, unknown>[] = [];
  readonly closed: Promise<void>[] = [];
  address = '';

  static async start(options: Partial<ReceivedPublishOptions> = {}): Promise<Owner> {
    const owner = new Owner();
    const receiver = new RelayReceiver({
      taskId: TASK_ID,
      takeovers: new Takeovers({ now: Date.now }),
      acceptPublisher: async (publisher) => owner.recorder.record(publisher),
      log: pino({ level: 'debug' }, { write: (line) => owner.logLines.push(JSON.parse(line)) }),
      ...options,
    });
    owner.address = await listen((request, response) => {
      owner.requests.push(request);
      owner.closed.push(receiver.handle(request, response));
    });
    return owner;
  }

  get tags() {
    return this.recorder.recordings[0]?.tags ?? [];
  }
}

/** The connection of a broadcaster that is relayed, and what became of it. */
export class RelayedClient {
  readonly ends: RelayedEnd[] = [];
  readonly refusals: RefusedPublish[] = [];
  /** How often it was sent away. */
  timesSentAway = 0;
  readonly ended: Promise<RelayedEnd>;
  readonly publisher: Publisher;
  #handler: PublisherHandler | null = null;

  constructor() {
    let resolveEnded: (end: RelayedEnd) => void = () => undefined;
    this.ended = new Promise((resolve) => {
      resolveEnded = resolve;
    });
    this.publisher = {
      id: 'connection-1',
      remoteAddress: '192.0.2.7',
      software: 'FMLE/3.0',
      stream: streamOf('key'),
      end: (code, description) => {
        this.ends.push({ code, description });
        // As a connection does, which closes its handler after the call.
        queueMicrotask(() => this.#handler?.onClose('lost'));
        resolveEnded({ code, description });
      },
      sendAway: () => {
        this.timesSentAway += 1;
      },
      hasEnded: () => this.ends.length > 0,
    };
  }

  async relay(address: string, options: Partial<RelayPublisherOptions> = {}): Promise<PublisherHandler> {
    this.#handler = await relayPublisher({
      address,
      taskId: TASK_ID,
      authorization: AUTHORIZATION,
      publisher: this.publisher,
      takeovers: new Takeovers({ now: Date.now }),
      onRefused: (refusal) => this.refusals.push(refusal),
      log: SILENT,
      ...options,
    });
    return this.#handler;
  }
}
