import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { OriginHandler, OriginRequest } from '#encoder/origin/origin-handler.ts';
import { type AnyResponse, errorResponse } from '#encoder/origin/origin-response.ts';
import { parseRequestTarget } from '#encoder/origin/request-target.ts';
import { exportPackage } from '#encoder/package/package-export.ts';
import type { LiveStreams } from '#encoder/streams/live-streams.ts';
import type { ClusterCredential } from './cluster-credential.ts';
import { MISDIRECTED_STATUS } from './forwarder.ts';
import { EPOCH_HEADER } from './passed-headers.ts';
import { RELAY_PATH } from './relay/relay-messages.ts';
import type { Relays } from './relays.ts';

const STREAM_PATH = /^\/cluster\/streams\/([A-Za-z0-9_-]{1,64})(?:\/(handover|adopt))?$/;
const MISDIRECTED = errorResponse(MISDIRECTED_STATUS, 'this task does not hold the stream');

export interface InternalRoutesOptions {
  readonly credential: ClusterCredential;
  readonly streams: LiveStreams;
  /** Answers for the streams of this task. */
  readonly origin: OriginHandler;
  readonly relays: Relays;
  /** Takes over a stream that waits for its publisher. Resolves to false if that did not work. */
  readonly adopt: (streamId: string) => Promise<boolean>;
  readonly log: Logger;
}

/**
 * What tasks ask each other. Nobody else is answered: a request must carry the credential of the deployment, and the security group
 * lets only tasks in. Nothing is passed on to a third task.
 */
export class InternalRoutes {
  readonly #options: InternalRoutesOptions;

  constructor(options: InternalRoutesOptions) {
    this.#options = options;
  }

  /** Answers everything but viewers' requests. Resolves to false for those. */
  async intercept(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (!(await this.#options.credential.accepts(request.headers.authorization))) {
      response.writeHead(403, { connection: 'close' }).end();
      return true;
    }
    const path = request.url ?? '/';
    if (!path.startsWith('/cluster/')) return false;
    if (request.method === 'POST' && path === RELAY_PATH) {
      await this.#options.relays.receive(request, response);
      return true;
    }
    const [, streamId, action] = STREAM_PATH.exec(path) ?? [];
    if (streamId === undefined) response.writeHead(404).end();
    else if (request.method === 'GET' && action === undefined) this.#holds(streamId, response);
    else if (request.method === 'POST' && action === 'handover') await this.#handOver(streamId, request, response);
    else if (request.method === 'POST' && action === 'adopt') await this.#adopt(streamId, response);
    else response.writeHead(405).end();
    return true;
  }

  /** Answers a viewer's request that another task passes on, for a stream of this task only. */
  async answer(request: OriginRequest): Promise<AnyResponse> {
    const { streams, origin } = this.#options;
    const target = parseRequestTarget(request.url);
    const knownEpoch = Number(request.headers[EPOCH_HEADER] ?? 0);
    if (target === undefined || target.kind === 'health') return MISDIRECTED;
    if (streams.epochOf(target.playbackId) < knownEpoch) await streams.fenceBelow(target.playbackId, knownEpoch);
    const answer = await origin.handle(request, async () => MISDIRECTED);
    return { ...answer, headers: { ...answer.headers, [EPOCH_HEADER]: String(streams.epochOf(target.playbackId)) } };
  }

  #holds(streamId: string, response: ServerResponse): void {
    response.writeHead(this.#options.streams.streamIds.includes(streamId) ? 200 : 404).end();
  }

  async #handOver(streamId: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { streams, log } = this.#options;
    const media = await streams.giveUp(streamId, Number(request.headers[EPOCH_HEADER] ?? 0));
    if (media === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { bytes, chunks } = exportPackage(media);
    log.info({ streamId, bytes }, 'stream handed over');
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
    // The other task may go away at any time. Then nobody needs the media.
    await pipeline(Readable.from(chunks), response).catch(() => undefined);
  }

  async #adopt(streamId: string, response: ServerResponse): Promise<void> {
    response.writeHead((await this.#options.adopt(streamId)) ? 200 : 409).end();
  }
}
