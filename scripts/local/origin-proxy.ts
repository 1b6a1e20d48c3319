import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { Rotation } from './rotation.ts';

/** Distributes viewers' requests to the encoder tasks in turn, like the load balancer behind CloudFront. */
export class OriginProxy {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #rotation: Rotation<string>;

  /** `originUrls` returns the addresses of the tasks that take requests now, without a trailing slash. */
  constructor(originUrls: () => readonly string[]) {
    this.#rotation = new Rotation(originUrls);
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
    const upstream = httpRequest(
      url,
      { method: request.method, path: request.url, headers: request.headers, agent: this.#agent },
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
