import type { RtmpLimits } from './rtmp-limits.ts';

/** What the pool knows of a connection. */
export interface PooledConnection {
  /** What counts as one source (`toSourceNetwork`). */
  readonly network: string;
  /** Publishes, authorised and accepted. */
  readonly isLive: boolean;
  /** Cuts it at once, to make room for another. */
  evict(): void;
}

/**
 * The open connections of a server. So many may come from one network; and so many may be there that are no live publish,
 * in all. Who comes when these are too many is let in all the same, for the oldest of the network that has most of them:
 * strangers who sit on connections lose their own.
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

  /** Whether a network has all the connections that it may have. */
  isFullFor(network: string): boolean {
    let count = 0;
    for (const connection of this.#open) if (connection.network === network) count++;
    return count >= this.#limits.maxConnectionsPerAddress;
  }

  /** Takes a connection in; returns the one that was evicted for it, or null. */
  add(connection: Connection): Connection | null {
    const strangers = [...this.#open].filter(({ isLive }) => !isLive);
    const evicted = strangers.length < this.#limits.maxConnections ? null : oldestOfMostCrowded(strangers, connection);
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

/** The newcomer counts for its network. Of those that are equally crowded it is the one whose oldest has been there longest. */
function oldestOfMostCrowded<Connection extends PooledConnection>(
  strangers: readonly Connection[],
  newcomer: Connection,
): Connection | null {
  const counts = new Map<string, number>();
  for (const { network } of [...strangers, newcomer]) counts.set(network, (counts.get(network) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return strangers.find(({ network }) => counts.get(network) === most) ?? null;
}
