import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Logger } from 'pino';
import type { Authorise } from '#domain/ingest-auth.ts';
import { generateId, type RandomBytes } from '#domain/stream-ids.ts';
import { ConnectionPool } from '#encoder/guard/connection-pool.ts';
import { FailedKeys } from '#encoder/guard/failed-keys.ts';
import type { RtmpLimits } from '#encoder/guard/rtmp-limits.ts';
import { toSourceNetwork } from '#encoder/guard/source-network.ts';
import { StrangerLog } from '#encoder/guard/stranger-log.ts';
import type { EnhancedFourCc } from '#encoder/media/enhanced-codecs.ts';
import type { AcceptPublisher, RefusedPublish } from './publisher.ts';
import { PublisherRegistry } from './publisher-registry.ts';
import { RtmpConnection } from './rtmp-connection.ts';

export interface RtmpServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly authorise: Authorise;
  readonly acceptPublisher: AcceptPublisher;
  /** Told of every publish that the server refuses by itself or because of `authorise`; what `acceptPublisher` refuses is its own business. */
  readonly onRefused: (refusal: RefusedPublish) => void;
  readonly limits: RtmpLimits;
  /** What of Enhanced RTMP the encoder can decode. */
  readonly enhancedCodecs: ReadonlySet<EnhancedFourCc>;
  /** Wall now, milliseconds since 1970. */
  readonly now: () => number;
  /** Makes the connections' ids. */
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
}

export interface RtmpServer {
  /** The TCP port it listens on. */
  readonly port: number;
  /** Connections that broke the protocol or a limit of it, since the start. */
  readonly violations: number;
  /** Refuses new connections, ends all publishes (their handlers are closed) and resolves when every socket is gone. */
  close(): Promise<void>;
}

const CROWD_LOG_INTERVAL_MS = 1_000;

/** Listens for RTMP publishers at `rtmp://host:port/live`; rejects with the socket's error (EADDRINUSE) if it can't. */
export async function startRtmpServer(options: RtmpServerOptions): Promise<RtmpServer> {
  const { host, port, randomBytes, log, ...shared } = options;
  const registry = new PublisherRegistry();
  const failedKeys = new FailedKeys(options);
  const pool = new ConnectionPool<RtmpConnection>(options.limits);
  const strangerLog = new StrangerLog(options.now);
  const logCrowd = createCrowdLog(options);
  let violations = 0;

  const server = createServer((socket) => {
    const remoteAddress = toPlainAddress(socket.remoteAddress);
    const network = toSourceNetwork(remoteAddress);
    if (pool.isFullFor(network)) {
      socket.destroy();
      logCrowd({ remoteAddress, connections: pool.open.size });
      return;
    }
    const id = generateId(randomBytes);
    const connection = new RtmpConnection({
      ...shared,
      id,
      remoteAddress,
      network,
      socket,
      registry,
      authorise: (request) => failedKeys.authorise(request),
      onViolation: () => ++violations,
      strangerLog,
      log: log.child({ connectionId: id, remoteAddress }),
    });
    socket.once('close', () => pool.delete(connection));
    const evicted = pool.add(connection);
    if (evicted !== null) logCrowd({ remoteAddress: evicted.remoteAddress, connections: pool.open.size });
  });
  server.listen(port, host);
  await once(server, 'listening');
  server.on('error', (error) => log.error({ err: error }, 'RTMP listener failed'));
  return {
    port: (server.address() as AddressInfo).port,
    get violations() {
      return violations;
    },
    close: () => closeServer(server, pool.open),
  };
}

/** A flood costs a line a second, not one for each of its connections. */
function createCrowdLog({ now, log }: Pick<RtmpServerOptions, 'now' | 'log'>) {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  let refusals = 0;
  return (latest: Readonly<Record<string, unknown>>): void => {
    refusals++;
    if (now() - loggedAtMs < CROWD_LOG_INTERVAL_MS) return;
    log.warn({ ...latest, refusals }, 'connections refused: too many');
    loggedAtMs = now();
    refusals = 0;
  };
}

async function closeServer(server: Server, open: ReadonlySet<RtmpConnection>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const connection of open) {
    connection.end('NetStream.Publish.Rejected', 'The server is shutting down; connect again');
  }
  await closed;
}

/** IPv4 peers of a dual-stack listener come as `::ffff:192.0.2.1`. */
function toPlainAddress(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:/, '');
}
