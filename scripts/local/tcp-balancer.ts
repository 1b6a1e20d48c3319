import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type ListenAddress, LOOPBACK } from './http-server.ts';
import { toPortError } from './ports.ts';
import { Rotation } from './rotation.ts';

export interface TcpBalancerOptions {
  readonly address: Required<ListenAddress>;
  /** Ports of 127.0.0.1 that take new connections now. */
  readonly targetPorts: () => readonly number[];
  readonly now: () => number;
  /** How long a connection waits for a target if none accepts it. @default WAIT_LIMIT_MS */
  readonly waitLimitMs?: number;
  /** Sockets of both sides together. @default MAX_SOCKETS */
  readonly maxSockets?: number;
}

/** Longer than it takes to start a task again. */
const WAIT_LIMIT_MS = 3_000;
const WAIT_PAUSE_MS = 50;
/** A paused task still accepts a few hundred connections. After that, it answers nothing. */
const CONNECT_LIMIT_MS = 1_000;
/** Nine tasks' own limits, and the publishers, for both sides. */
const MAX_SOCKETS = 4_000;
/** The network load balancer's idle timeout. */
const IDLE_LIMIT_MS = 350_000;

/**
 * Distributes TCP connections to targets in turn, like the network load balancer in front of the encoder tasks. What it
 * takes from one side it gives to the other, unchanged, and no faster than that side reads.
 */
export class TcpBalancer {
  readonly #options: Required<TcpBalancerOptions>;
  readonly #rotation: Rotation<number>;
  readonly #server: Server;
  /** Both sides of every connection. */
  readonly #sockets = new Set<Socket>();

  /** Starts to listen. Rejects with a UserError if it cannot. */
  static async start(options: TcpBalancerOptions): Promise<TcpBalancer> {
    const { host, port, option } = options.address;
    const balancer = new TcpBalancer(options);
    balancer.#server.listen(port, host);
    try {
      await once(balancer.#server, 'listening');
    } catch (cause) {
      throw toPortError(cause, port, option);
    }
    return balancer;
  }

  private constructor(options: TcpBalancerOptions) {
    this.#options = { waitLimitMs: WAIT_LIMIT_MS, maxSockets: MAX_SOCKETS, ...options };
    this.#rotation = new Rotation(options.targetPorts);
    // Each side may end its half first. Nothing is read from a client before it has a target.
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      void this.#accept(client);
    });
  }

  /** Ends all connections and resolves when the port is free. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Never rejects. */
  async #accept(client: Socket): Promise<void> {
    if (this.#sockets.size >= this.#options.maxSockets) {
      client.destroy();
      return;
    }
    this.#track(client);
    const target = await this.#findTarget(client);
    if (target === null || client.destroyed) {
      client.destroy();
      target?.destroy();
      return;
    }
    join(client, target);
    join(target, client);
  }

  /** Connects to the next target that accepts. Null if none does in time. Stops if the client has gone. */
  async #findTarget(client: Socket): Promise<Socket | null> {
    const { now, waitLimitMs } = this.#options;
    const deadlineMs = now() + waitLimitMs;
    while (!client.destroyed) {
      for (const port of this.#rotation.next()) {
        const target = await this.#connect(port, client.remoteAddress);
        if (target !== null) return target;
      }
      if (now() >= deadlineMs) break;
      await setTimeout(WAIT_PAUSE_MS);
    }
    return null;
  }

  /** Null if the target does not accept. Targets see the client's address, as they do behind the load balancer. */
  async #connect(port: number, localAddress: string | undefined): Promise<Socket | null> {
    const target = connect({ port, host: LOOPBACK.host, localAddress, allowHalfOpen: true, noDelay: true });
    this.#track(target);
    target.setTimeout(CONNECT_LIMIT_MS, () => target.destroy());
    const isConnected = await new Promise<boolean>((resolve) => {
      target.once('connect', () => resolve(true)).once('close', () => resolve(false));
    });
    return isConnected ? target : null;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // 'close' follows, and says that there was an error.
    socket.on('error', () => undefined);
  }
}

/** Passes on what `side` sends, until its end. */
function join(side: Socket, other: Socket): void {
  side.removeAllListeners('timeout').setTimeout(IDLE_LIMIT_MS, () => side.destroy(new Error('idle')));
  side.pipe(other);
  // After an error there is nobody to send to. After a proper end, the other side still sends what it has.
  side.once('close', (hadError) => {
    if (hadError) other.destroy();
  });
}
