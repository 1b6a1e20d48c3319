import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import type { IngestAuthResponse } from '#domain/ingest-auth.ts';
import { toSourceNetwork } from '#domain/source-network.ts';
import { generateId, type RandomBytes } from '#domain/stream-ids.ts';
import { ConnectionPool } from '#encoder/guard/connection-pool.ts';
import { FailedKeys } from '#encoder/guard/failed-keys.ts';
import { LogLimiter } from '#encoder/guard/log-limiter.ts';
import type { RtmpLimits } from '#encoder/guard/rtmp-limits.ts';
import type { PublishServices } from './publish.ts';
import { SERVER_REPLACED } from './publisher.ts';
import { RtmpConnection } from './rtmp-connection.ts';

/** The answer to every publish while the server drains. */
const REPLACED = {
  allow: false,
  code: 'NetStream.Publish.Rejected',
  description: SERVER_REPLACED,
} as const satisfies IngestAuthResponse;

export interface RtmpServerOptions extends Omit<PublishServices, 'limits'> {
  /** Addresses of this machine. */
  readonly hosts: readonly string[];
  /** The port on each of them. 0 for any free port. */
  readonly port: number;
  readonly limits: RtmpLimits;
  /** Makes the connections' ids. */
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
}

export interface RtmpServer {
  /** The TCP port it listens on. */
  readonly port: number;
  /** Connections that broke the protocol or a limit since the start. */
  readonly violations: number;
  /** Whether `drain` was called. */
  readonly isDraining: boolean;
  /**
   * Refuses every publish from now on, and sends the live publishers away, all at once. Resolves when no publish is left, which
   * takes `reconnectTimeoutMs` at most and the time that handlers need to close. Safe to call twice.
   */
  drain(): Promise<void>;
  /** Refuses new connections, ends all publishes and resolves when every socket is gone. */
  close(): Promise<void>;
}

/** Listens for RTMP publishers at `rtmp://HOST:port/live`. Rejects with the socket's error, such as EADDRINUSE. */
export async function startRtmpServer(options: RtmpServerOptions): Promise<RtmpServer> {
  const { limits, now, randomBytes, log } = options;
  const failedKeys = new FailedKeys(options);
  let draining: Promise<unknown> | null = null;
  const services: PublishServices = {
    ...options,
    // Without a look at the key, so that strangers learn nothing about it and nothing has to be looked up.
    authorise: async (request) => (draining === null ? failedKeys.authorise(request) : REPLACED),
  };
  const pool = new ConnectionPool<RtmpConnection>(limits);
  const logLimiter = new LogLimiter(now);
  let violations = 0;
  const logCrowd = (remoteAddress: string): void =>
    logLimiter.write('crowd', (leftOut) =>
      log.warn({ remoteAddress, connections: pool.open.size, ...leftOut }, 'connections refused: too many'),
    );

  const accept = (socket: Socket): void => {
    const remoteAddress = toPlainAddress(socket.remoteAddress);
    const network = toSourceNetwork(remoteAddress);
    if (pool.isFullFor(network)) {
      socket.destroy();
      logCrowd(remoteAddress);
      return;
    }
    const id = generateId(randomBytes);
    const connection = new RtmpConnection({
      services,
      limits,
      logLimiter,
      onViolation: () => ++violations,
      socket,
      id,
      remoteAddress,
      network,
      log: log.child({ connectionId: id, remoteAddress }),
    });
    socket.once('close', () => pool.delete(connection));
    const evicted = pool.add(connection);
    if (evicted !== null) logCrowd(evicted.remoteAddress);
  };
  const { servers, port } = await listen(options, accept);
  return {
    port,
    get violations() {
      return violations;
    },
    get isDraining() {
      return draining !== null;
    },
    drain: async () => {
      draining ??= Promise.all([...pool.open].map((connection) => connection.drain()));
      await draining;
    },
    close: () => closeServers(servers, pool.open),
  };
}

/** Listens at the same port of all addresses. */
async function listen({ hosts, port, log }: RtmpServerOptions, accept: (socket: Socket) => void) {
  const servers: Server[] = [];
  let actualPort = port;
  for (const host of hosts) {
    const server = createServer(accept).listen(actualPort, host);
    await once(server, 'listening');
    server.on('error', (error) => log.error({ err: error }, 'RTMP listener failed'));
    actualPort = (server.address() as AddressInfo).port;
    servers.push(server);
  }
  return { servers, port: actualPort };
}

async function closeServers(servers: readonly Server[], open: ReadonlySet<RtmpConnection>): Promise<void> {
  const closed = Promise.all(servers.map((server) => once(server, 'close')));
  for (const server of servers) server.close();
  for (const connection of open) {
    connection.end('NetStream.Publish.Rejected', 'The server is shutting down; connect again');
  }
  await closed;
}

/** A dual-stack listener shows IPv4 peers as `::ffff:192.0.2.1`. */
function toPlainAddress(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:/, '');
}
