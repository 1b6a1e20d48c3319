import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toPortError } from './port-error.ts';

/** Where a server listens: an IPv4 address of this machine, or 0.0.0.0 for all of them; port 0 for any that is free. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** The option that names the port, for a person who has to choose another. @default none does */
  readonly option?: string;
}

/** A listening HTTP server. `close` ends its connections and resolves when all is released. */
export interface ListeningServer {
  /** The `localUrl` of its address. */
  readonly url: string;
  close(): Promise<void>;
}

/** Lets a server listen. Rejects where it can't, with a UserError where an option names the port. */
export async function startListening(server: Server, { host, port, option }: ListenAddress): Promise<ListeningServer> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw option === undefined ? error : toPortError(error, port, option);
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: localUrl({ host, port: taken }),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** How this machine itself reaches who listens there: all addresses are none to connect to. Without a trailing slash. */
export function localUrl({ host, port }: ListenAddress): string {
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
}
