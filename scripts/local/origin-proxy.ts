import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import { Rotation } from './rotation.ts';

export interface OriginProxyOptions {
  /** The addresses of the tasks that take requests now, without a trailing slash. */
  readonly originUrls: () => readonly string[];
  /** By which the tasks know the edge. */
  readonly edgeSecret: string;
}

/**
 * Distributes viewers' requests to the encoder tasks in turn, like CloudFront and the load balancer behind it. Shows the
 * edge's secret to the tasks, whatever a viewer sends in its place.
 */
export class OriginProxy {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #rotation: Rotation<string>;
  readonly #edgeSecret: string;

  constructor({ originUrls, edgeSecret }: OriginProxyOptions) {
    this.#rotation = new Rotation(originUrls);
    this.#edgeSecret = edgeSecret;
  }

  /** Streams the answer of the next task that accepts the connection. Answers 502 if none does, or if it breaks off. */
  pass(request: IncomingMessage, response: ServerResponse): void {
    this.#tryNext(this.#rotation.next(), request, response);
  }

  close(): void {
    this.#agent.destroy();
  }

  #tryNext([url, ...others]: readonly string[], request: IncomingMessage, response: ServerResponse): void {
    if (url === undefined) {
      refuse(response);
      return;
    }
    const headers = { ...request.headers, [EDGE_SECRET_HEADER]: this.#edgeSecret };
    const upstream = httpRequest(
      url,
      { method: request.method, path: request.url, headers, agent: this.#agent },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      },
    );
    const abandon = () => upstream.destroy();
    response.once('close', abandon);
    upstream.once('error', (error: NodeJS.ErrnoException) => {
      response.off('close', abandon);
      if (response.headersSent) response.destroy();
      else if (error.code === 'ECONNREFUSED' && !response.destroyed) this.#tryNext(others, request, response);
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
