import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import type { CachedFile, EdgeCache } from './edge-cache.ts';
import { Rotation } from './rotation.ts';

export interface OriginProxyOptions {
  /** The addresses of the tasks that take requests now, without a trailing slash. */
  readonly originUrls: () => readonly string[];
  /** By which the tasks know the edge. */
  readonly edgeSecret: string;
  readonly cache: EdgeCache;
}

/** A viewer's request and what becomes of it. */
interface PassedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Called with the answer of the task. */
  readonly onAnswer: (answer: IncomingMessage) => void;
}

/**
 * Answers viewers' requests from the edge's cache, or passes them to the encoder tasks in turn, like CloudFront and the
 * load balancer behind it. Shows the edge's secret to the tasks, whatever a viewer sends in its place.
 */
export class OriginProxy {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #rotation: Rotation<string>;
  readonly #edgeSecret: string;
  readonly #cache: EdgeCache;

  constructor({ originUrls, edgeSecret, cache }: OriginProxyOptions) {
    this.#rotation = new Rotation(originUrls);
    this.#edgeSecret = edgeSecret;
    this.#cache = cache;
  }

  /** Streams the answer of the next task that accepts the connection. Answers 502 if none does, or if it breaks off. */
  pass(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const isCacheable = this.#cache.accepts(request);
    const cached = isCacheable ? this.#cache.find(path) : undefined;
    if (cached !== undefined) {
      this.#answerFromCache(cached, response);
      return;
    }
    const onAnswer = isCacheable ? this.#cache.expect(path) : () => undefined;
    this.#tryNext(this.#rotation.next(), { request, response, onAnswer });
  }

  close(): void {
    this.#agent.destroy();
  }

  #answerFromCache(file: CachedFile, response: ServerResponse): void {
    const age = String(this.#cache.ageSeconds(file));
    response.writeHead(200, { ...file.headers, age, 'x-cache': 'Hit from local edge' }).end(file.body);
  }

  #tryNext([url, ...others]: readonly string[], passed: PassedRequest): void {
    const { request, response, onAnswer } = passed;
    if (url === undefined) {
      refuse(response);
      return;
    }
    const headers = { ...request.headers, [EDGE_SECRET_HEADER]: this.#edgeSecret };
    const upstream = httpRequest(
      url,
      { method: request.method, path: request.url, headers, agent: this.#agent },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'x-cache': 'Miss from local edge' });
        onAnswer(answer);
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      },
    );
    const abandon = () => upstream.destroy();
    response.once('close', abandon);
    upstream.once('error', (error: NodeJS.ErrnoException) => {
      response.off('close', abandon);
      if (response.headersSent) response.destroy();
      else if (error.code === 'ECONNREFUSED' && !response.destroyed) this.#tryNext(others, passed);
      else refuse(response);
    });
    onceConnected(upstream, () => request.pipe(upstream));
  }
}

/** The body is not read before a task has accepted the connection, so that it can still go to another one. */
function onceConnected(upstream: ClientRequest, send: () => void): void {
  upstream.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', send);
    else send();
  });
}

function refuse(response: ServerResponse): void {
  response.writeHead(502, { 'access-control-allow-origin': '*' }).end('no encoder task answers\n');
}
