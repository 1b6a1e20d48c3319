import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from 'pino';
import { applyRange } from './byte-range.ts';
import type { OriginHandler } from './origin-handler.ts';
import { CORS_HEADERS, errorResponse, type OriginResponse } from './origin-response.ts';

/** CloudFront and load balancers keep a few hundred connections a task; the rest is for direct players on a laptop. */
const MAX_CONNECTIONS = 10_000;
const MAX_HEADER_BYTES = 8 * 1024;
/** Longer than the load balancer's own idle time-out of 60 s, so that it never sends into a connection we just closed. */
const KEEP_ALIVE_MS = 65_000;
/** A viewer that takes nothing for this long has gone; blocked requests are far shorter. */
const SOCKET_TIMEOUT_MS = 60_000;
/** An answer still not taken by now keeps media in memory that its stream has long dropped. */
const SEND_LIMIT_MS = 60_000;
/** What is still being sent when the server shuts down gets this long. */
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

/** Why a request is given up. Without a reason each would make an exception with a stack trace. */
const CLIENT_GONE = 'the client has gone';
const CLOSING = 'the server is closing';

export interface OriginServerOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly handler: OriginHandler;
  readonly log: Logger;
  /** How long a client may take for one answer. @default 60 s */
  readonly sendLimitMs?: number;
  /** How long `close` lets answers finish. @default 5 s */
  readonly closeLimitMs?: number;
}

export interface OriginServer {
  readonly port: number;
  /** Stops listening, answers what is blocked with 503, and resolves when the last connection is gone. */
  close(): Promise<void>;
}

/** What the requests of one server share. */
interface Serving extends Required<OriginServerOptions> {
  readonly server: Server;
  /** One for each request that is not answered in full. */
  readonly inProgress: Set<AbortController>;
  /** Connections without a request so far, which Node counts as busy: browsers and balancers open some in advance. */
  readonly unused: Set<Socket>;
  isClosing: boolean;
}

/** Serves the handler over HTTP/1.1. Rejects when the port can't be taken. */
export async function startOriginServer(options: OriginServerOptions): Promise<OriginServer> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS });
  const serving: Serving = {
    sendLimitMs: SEND_LIMIT_MS,
    closeLimitMs: CLOSE_LIMIT_MS,
    ...options,
    server,
    inProgress: new Set(),
    unused: new Set(),
    isClosing: false,
  };
  server.on('connection', (socket) => {
    serving.unused.add(socket);
    socket.once('close', () => serving.unused.delete(socket));
  });
  server.on('request', (request, response) => {
    serving.unused.delete(request.socket);
    respond(serving, request, response).catch((error: unknown) => {
      options.log.error({ err: error, url: request.url }, 'origin request failed');
      if (response.headersSent) response.destroy();
      else void send(serving, request, response, errorResponse(500, 'internal error'));
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SOCKET_TIMEOUT_MS);
  await listen(server, options.host, options.port);
  return { port: (server.address() as AddressInfo).port, close: () => close(serving) };
}

async function respond(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'OPTIONS') return send(serving, request, response, PREFLIGHT);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(serving, request, response, errorResponse(405, 'method not allowed', { allow: ALLOWED_METHODS }));
  }
  const abandoned = new AbortController();
  serving.inProgress.add(abandoned);
  response.once('close', () => {
    serving.inProgress.delete(abandoned);
    if (!response.writableFinished) abandoned.abort(CLIENT_GONE);
    // The connection of an answer that was under way when the server began to close is kept alive by its own headers.
    if (serving.isClosing) serving.server.closeIdleConnections();
  });
  if (serving.isClosing) abandoned.abort(CLOSING);
  const answer = await serving.handler.handle({
    url: request.url ?? '/',
    acceptsGzip: acceptsGzip(request.headers['accept-encoding']),
    signal: abandoned.signal,
  });
  return send(serving, request, response, request.method === 'GET' ? applyRange(answer, rangeOf(request)) : answer);
}

/** True where gzip is listed and not refused by a zero weight (RFC 9110 12.5.3). */
function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s*,|\s*$))/i.test(String(acceptEncoding ?? ''));
}

/** If-Range can't match an answer that has no validator, so the range does not count (RFC 9110 13.1.5). */
function rangeOf(request: IncomingMessage): string | undefined {
  return request.headers['if-range'] === undefined ? request.headers.range : undefined;
}

async function send(
  serving: Serving,
  request: IncomingMessage,
  response: ServerResponse,
  answer: OriginResponse,
): Promise<void> {
  if (response.destroyed) return;
  const bytes = answer.body.reduce((total, buffer) => total + buffer.length, 0);
  // One packet for head and body where they fit.
  const { socket } = response;
  socket?.cork();
  process.nextTick(() => socket?.uncork());
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(answer.status === 204 ? {} : { 'content-length': bytes }),
    // Nobody wants a request's body here; on a connection that stays open it would have to be read to its end.
    ...(serving.isClosing || hasBody(request) ? { connection: 'close' } : {}),
  });
  const deadline = setTimeout(() => response.destroy(), serving.sendLimitMs);
  response.once('close', () => clearTimeout(deadline));
  if (request.method !== 'HEAD') await writeBody(response, answer.body);
  response.end();
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';
}

/** Resolves when the client has taken it or has gone: an answer that was ended before that would count as idle in `close`. */
async function writeBody(response: ServerResponse, body: readonly Buffer[]): Promise<void> {
  for (const buffer of body) {
    if (response.destroyed || response.write(buffer)) continue;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        response.off('drain', goOn).off('close', goOn);
        resolve();
      };
      response.on('drain', goOn).on('close', goOn);
    });
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(serving: Serving): Promise<void> {
  serving.isClosing = true;
  const closed = new Promise<void>((resolve) => serving.server.close(() => resolve()));
  for (const socket of serving.unused) socket.destroy();
  for (const request of serving.inProgress) request.abort(CLOSING);
  const deadline = setTimeout(() => serving.server.closeAllConnections(), serving.closeLimitMs);
  await closed;
  clearTimeout(deadline);
}
