import type { RtmpLimits } from './rtmp-limits.ts';

/** A connection as the pool sees it. */
export interface PooledConnection {
  /** The network of its remote address (`toSourceNetwork`). */
  readonly network: string;
  /** Whether its publish is authorised and accepted. */
  readonly isLive: boolean;
  /** Cuts the connection at once, to make room for another. */
  evict(): void;
}

/**
 * The open connections of a server. One network may have `maxConnectionsPerAddress` of any kind. All networks together may have
 * `maxConnections` that are not live. When that limit is reached, the oldest connection of the busiest network is closed to
 * make room, so that idle strangers can't keep others out.
 */
export class ConnectionPool<Connection extends PooledConnection> {
  readonly #limits: Pick<RtmpLimits, 'maxConnections' | 'maxConnectionsPerAddress'>;
  /** Oldest first. */
  readonly #open = new Set<Connection>();

  constructor(limits: Pick<RtmpLimits, 'maxConnections' | 'maxConnectionsPerAddress'>) {
    this.#limits = limits;
  }

  /** Oldest first. */
  get open(): ReadonlySet<Connection> {
    return this.#open;
  }

  /** Whether a network has reached its limit. */
  isFullFor(network: string): boolean {
    let count = 0;
    for (const connection of this.#open) if (connection.network === network) count++;
    return count >= this.#limits.maxConnectionsPerAddress;
  }

  /** Adds a connection. Returns the one that was evicted for it, or null. */
  add(connection: Connection): Connection | null {
    const strangers = [...this.#open].filter(({ isLive }) => !isLive);
    const evicted = strangers.length < this.#limits.maxConnections ? null : oldestOfBusiest(strangers, connection);
    if (evicted !== null) {
      this.#open.delete(evicted);
      evicted.evict();
    }
    this.#open.add(connection);
    return evicted;
  }

  delete(connection: Connection): void {
    this.#open.delete(connection);
  }
}

/** The newcomer counts for its network. On a tie, picks the connection that has been open longest. */
function oldestOfBusiest<Connection extends PooledConnection>(
  strangers: readonly Connection[],
  newcomer: Connection,
): Connection | null {
  const counts = new Map<string, number>();
  for (const { network } of [...strangers, newcomer]) counts.set(network, (counts.get(network) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return strangers.find(({ network }) => counts.get(network) === most) ?? null;
}
