import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toPortError } from './ports.ts';

/** Where a server listens. */
export interface ListenAddress {
  /** An IPv4 address of this machine, or 0.0.0.0 for all of them. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The command-line option that sets the port, for error messages. @default none */
  readonly option?: string;
}

/** A listening HTTP server. `close` ends its connections and resolves when everything is released. */
export interface ListeningServer {
  /** The `localUrl` of its address. */
  readonly url: string;
  close(): Promise<void>;
}

/** Any free port of 127.0.0.1. */
export const LOOPBACK: ListenAddress = { host: '127.0.0.1', port: 0 };

/** Lets a server listen. If it cannot, rejects: with a UserError if an option sets the port. */
export async function startListening(server: Server, { host, port, option }: ListenAddress): Promise<ListeningServer> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw option === undefined ? error : toPortError(error, port, option);
  }
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: localUrl({ host, port: actualPort }),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** Lets a server listen on a free port of 127.0.0.1, which only this machine can reach. Rejects if it cannot. */
export const listenOnLoopback = (server: Server): Promise<ListeningServer> => startListening(server, LOOPBACK);

/** The URL at which this machine reaches an address, without a trailing slash. Clients cannot connect to 0.0.0.0. */
export function localUrl({ host, port }: ListenAddress): string {
  return `http://${host === '0.0.0.0' ? LOOPBACK.host : host}:${port}`;
}

/** What a client may still send after its body was refused, so that it gets to see why. API Gateway's limit of a request. */
const DROPPED_BYTES_LIMIT = 10 * 1024 * 1024;
/** The time that it has for that. */
const DROPPING_MS = 5_000;

/**
 * Reads the body of a request. Null as soon as it turns out to be longer than `maxBytes`, which a Content-Length says at
 * once. The rest is then dropped, and the connection is cut if it does not end soon. Rejects if the client leaves.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    dropBody(request);
    return Promise.resolve(null);
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.removeAllListeners('data');
      dropBody(request);
      resolve(null);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
  });
}

function dropBody(request: IncomingMessage): void {
  const { socket } = request;
  const cut = () => socket.destroy();
  const deadline = setTimeout(cut, DROPPING_MS);
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DROPPED_BYTES_LIMIT) cut();
  });
  const done = () => {
    clearTimeout(deadline);
    socket.off('close', done);
  };
  // A request that was answered already says nothing of the end of its connection.
  socket.once('close', done);
  request.once('end', done).on('error', () => undefined);
}
