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

/** Reads the body of a request. Null if it is longer than `maxBytes`; the excess is read but not stored. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes <= maxBytes ? Buffer.concat(chunks) : null;
}
