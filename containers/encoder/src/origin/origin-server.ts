import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from 'pino';
import { SECURITY_HEADERS } from '#domain/site-headers.ts';
import type { OriginRequest } from './origin-handler.ts';
import {
  type AnyResponse,
  bodyBytes,
  CORS_HEADERS,
  errorResponse,
  type GrowingResponse,
  IncompleteFileError,
  type OriginResponse,
} from './origin-response.ts';

/** CloudFront and load balancers keep a few hundred connections per task. The rest is for players that connect directly, as on a laptop. */
const MAX_CONNECTIONS = 10_000;
const MAX_HEADER_BYTES = 8 * 1024;
/** Longer than the load balancer's 60 s, so that it never sends a request on a connection that was just closed. */
const KEEP_ALIVE_MS = 65_000;
/** A viewer that reads nothing for this long has gone. Blocked requests are far shorter. */
const SOCKET_TIMEOUT_MS = 60_000;
/** A response that a client has not read by now holds media in memory that its stream dropped long ago. */
const SEND_LIMIT_MS = 60_000;
/** How long responses may take to finish when the server shuts down. */
const CLOSE_LIMIT_MS = 5_000;
const ALLOWED_METHODS = 'GET, HEAD, OPTIONS';
const PREFLIGHT: OriginResponse = {
  status: 204,
  headers: {
    ...CORS_HEADERS,
    'access-control-allow-methods': ALLOWED_METHODS,
    'access-control-allow-headers': 'Range',
    'access-control-max-age': '86400',
  },
  body: [],
};

/** Reasons to abort a request. Without one, every abort would create an exception with a stack trace. */
const CLIENT_GONE = 'the client has gone';
const CLOSING = 'the server is closing';

export interface OriginServerOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly handle: (request: OriginRequest) => Promise<AnyResponse>;
  readonly log: Logger;
  /** Looks at each request first. Resolves to true if it has answered the request itself. @default looks at none */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /** How long a client may take to send a request, its body included. 0 is no limit. @default 5 minutes, as Node.js has it */
  readonly requestLimitMs?: number;
  /** How long a client may take to read one response. @default 60 s */
  readonly sendLimitMs?: number;
  /** How long `close` lets responses finish. @default 5 s */
  readonly closeLimitMs?: number;
}

/** Serves `handle` over HTTP/1.1. Rejects if it cannot listen on the port. */
export async function startOriginServer(options: OriginServerOptions): Promise<OriginServer> {
  const server = new OriginServer(options);
  await server.listen();
  return server;
}

/** A running origin. */
export class OriginServer {
  readonly #options: Required<OriginServerOptions>;
  readonly #server: Server;
  /** One for each request whose response is not complete. */
  readonly #inProgress = new Set<AbortController>();
  /** Connections without a request so far, which Node counts as busy. Browsers and load balancers open them early. */
  readonly #unused = new Set<Socket>();
  #isLeaving = false;
  #isClosing = false;
  #onIdle: () => void = () => undefined;

  constructor(options: OriginServerOptions) {
    this.#options = {
      ...{
        sendLimitMs: SEND_LIMIT_MS,
        closeLimitMs: CLOSE_LIMIT_MS,
        intercept: async () => false,
        requestLimitMs: 300_000,
      },
      ...options,
    };
    this.#server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS });
    this.#server.requestTimeout = this.#options.requestLimitMs;
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.setTimeout(SOCKET_TIMEOUT_MS);
    this.#server.on('connection', (socket) => {
      this.#unused.add(socket);
      socket.once('close', () => this.#unused.delete(socket));
    });
    this.#server.on('request', (request, response) => {
      this.#unused.delete(request.socket);
      this.#respond(request, response).catch((error: unknown) => this.#onError(error, request, response));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when the server listens; rejects with the socket's error (EADDRINUSE). */
  async listen(): Promise<void> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, 'listening');
  }

  /**
   * Lets blocked requests wait for what they wait for, because viewers see each 503. Answers say that their connections close, so
   * that clients go elsewhere. Resolves when no request is in progress, after `limitMs`, or when `signal` aborts. Still listens.
   */
  async drain(limitMs: number, signal: AbortSignal): Promise<void> {
    this.#isLeaving = true;
    if (this.#inProgress.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', this.#onIdle, { once: true });
    });
  }

  /** Stops listening, answers blocked requests with 503, and resolves when the last connection is closed. */
  async close(): Promise<void> {
    this.#isLeaving = true;
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#unused) socket.destroy();
    for (const request of this.#inProgress) request.abort(CLOSING);
    const deadline = setTimeout(() => this.#server.closeAllConnections(), this.#options.closeLimitMs);
    await closed;
    clearTimeout(deadline);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await this.#options.intercept(request, response)) return;
    if (request.method === 'OPTIONS') return this.#send(request, response, PREFLIGHT);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return this.#send(request, response, errorResponse(405, 'method not allowed', { allow: ALLOWED_METHODS }));
    }
    const answer = await this.#options.handle({
      method: request.method,
      url: request.url ?? '/',
      headers: request.headers,
      acceptsGzip: acceptsGzip(request.headers['accept-encoding']),
      signal: this.#trackRequest(response),
    });
    if ('parts' in answer) return this.#grow(request, response, answer);
    if ('stream' in answer) return this.#forward(request, response, answer);
    return this.#send(request, response, answer);
  }

  /** Returns a signal that aborts when the client goes away or the server closes. */
  #trackRequest(response: ServerResponse): AbortSignal {
    const abandoned = new AbortController();
    this.#inProgress.add(abandoned);
    response.once('close', () => {
      this.#inProgress.delete(abandoned);
      if (!response.writableFinished) abandoned.abort(CLIENT_GONE);
      // A response that started before `close` was sent with keep-alive headers, so its connection is still open.
      if (this.#isClosing) this.#server.closeIdleConnections();
      if (this.#inProgress.size === 0) this.#onIdle();
    });
    if (this.#isClosing) abandoned.abort(CLOSING);
    return abandoned.signal;
  }

  async #send(request: IncomingMessage, response: ServerResponse, answer: OriginResponse): Promise<void> {
    if (response.destroyed) return;
    // Sends the head and a small body in one packet.
    const { socket } = response;
    socket?.cork();
    process.nextTick(() => socket?.uncork());
    response.writeHead(answer.status, {
      ...answer.headers,
      'x-content-type-options': SECURITY_HEADERS['x-content-type-options'],
      ...(answer.status === 204 ? {} : { 'content-length': bodyBytes(answer) }),
      // The origin reads no request bodies. On a connection that stays open, Node would have to read them.
      ...(this.#isLeaving || hasBody(request) ? { connection: 'close' } : {}),
    });
    const deadline = setTimeout(() => response.destroy(), this.#options.sendLimitMs);
    response.once('close', () => clearTimeout(deadline));
    if (request.method !== 'HEAD') await writeBody(response, answer.body);
    response.end();
  }

  /** Sends a file while it is made. Breaks the connection off if it does not become complete, so that nobody keeps half of it. */
  async #grow(request: IncomingMessage, response: ServerResponse, answer: GrowingResponse): Promise<void> {
    if (response.destroyed) return;
    response.writeHead(answer.status, {
      ...answer.headers,
      'x-content-type-options': SECURITY_HEADERS['x-content-type-options'],
      ...(this.#isLeaving || hasBody(request) ? { connection: 'close' } : {}),
    });
    const deadline = setTimeout(() => response.destroy(), this.#options.sendLimitMs);
    response.once('close', () => clearTimeout(deadline));
    try {
      if (request.method !== 'HEAD') for await (const part of answer.parts) await writeBody(response, [part]);
      response.end();
    } catch (error) {
      const level = error instanceof IncompleteFileError ? 'debug' : 'warn';
      if (!response.destroyed) this.#options.log[level]({ err: error, url: request.url }, 'a segment stays incomplete');
      response.destroy();
    }
  }

  /** Passes another task's answer on. A break on either side breaks the other. */
  #forward(
    request: IncomingMessage,
    response: ServerResponse,
    answer: Extract<AnyResponse, { stream: unknown }>,
  ): void {
    if (response.destroyed) {
      answer.stream.destroy();
      return;
    }
    const deadline = setTimeout(() => response.destroy(), this.#options.sendLimitMs);
    response.once('close', () => {
      clearTimeout(deadline);
      answer.stream.destroy();
    });
    const isLast = this.#isLeaving || hasBody(request);
    response.writeHead(answer.status, [...answer.headers, ...(isLast ? ['connection', 'close'] : [])]);
    answer.stream.pipeTo(response);
  }

  #onError(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    this.#options.log.error({ err: error, url: request.url }, 'origin request failed');
    if (response.headersSent) response.destroy();
    else void this.#send(request, response, errorResponse(500, 'internal error'));
  }
}

/** True if gzip is listed without a weight of zero (RFC 9110 12.5.3). */
function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s*,|\s*$))/i.test(String(acceptEncoding ?? ''));
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';
}

/** Resolves when the client has read the body or has gone. A response that ended earlier counts as idle in `close`. */
async function writeBody(response: ServerResponse, body: readonly Buffer[]): Promise<void> {
  let isFull = false;
  // At once, since the media is in memory anyway, and each packet takes CPU.
  for (const buffer of body) isFull = !response.write(buffer);
  if (!isFull || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      response.off('drain', goOn).off('close', goOn);
      resolve();
    };
    response.on('drain', goOn).on('close', goOn);
  });
}
