import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import { ANOTHER_ENCODER, PublishRefusal } from './publisher.ts';
import { Takeovers } from './takeovers.ts';

/**
 * A publisher that has sent nothing for so long is not on air, and whoever comes may take its place: its connection has probably
 * broken without a word, and it comes back itself.
 */
const SILENCE_MS = 2_000;

/** A publish that holds its stream, or is about to. */
export interface Claimant {
  /** Of the connection that publishes, also if another task has it. */
  readonly id: string;
  /** Resolves when the claimant's handler is closed, or when the claimant ended without one. */
  readonly closed: Promise<void>;
  readonly remoteAddress: string;
  /** When the latest tag came, in milliseconds since 1970. Null before the first one. */
  readonly lastTagAtMs: number | null;
  /** Ends the claimant because a newer connection publishes the same stream. */
  replace(): void;
  /** Another encoder wants the stream again and again, and was refused. */
  onContested(refusedAddress: string): void;
}

/** What is claimed: a stream, or its backup. */
export type ClaimedIngest = Pick<AuthorisedStream, 'streamId' | 'ingest'>;

/** A claimant, and when it came in milliseconds since 1970. */
interface Claim {
  readonly claimant: Claimant;
  readonly claimedAtMs: number;
}

/** The publisher of each ingest on this server. An ingest has one, and the newest wins, unless that happens all the time. */
export class PublisherRegistry {
  /** Shared with the tasks that relay publishes to this one, or get them from it. */
  readonly takeovers: Takeovers;
  readonly #claims = new Map<string, Claim>();
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
    this.takeovers = new Takeovers({ now });
  }

  /**
   * Takes the ingest and ends its former publisher. Resolves when the handler of that one is closed. Rejects with a PublishRefusal
   * if the former publisher stays, because publishers have replaced each other too often.
   */
  async claim(ingest: ClaimedIngest, claimant: Claimant): Promise<void> {
    const name = nameOf(ingest);
    const former = this.#claims.get(name);
    if (former !== undefined && this.#isOnAir(former) && !this.takeovers.take(ingest.streamId, claimant.id)) {
      former.claimant.onContested(claimant.remoteAddress);
      throw new PublishRefusal('NetStream.Publish.BadName', ANOTHER_ENCODER);
    }
    this.#claims.set(name, { claimant, claimedAtMs: this.#now() });
    former?.claimant.replace();
    await former?.claimant.closed;
  }

  /** Frees the ingest, unless a newer publisher has taken it. */
  release(ingest: ClaimedIngest, claimant: Claimant): void {
    const name = nameOf(ingest);
    if (this.#claims.get(name)?.claimant === claimant) this.#claims.delete(name);
  }

  /** One that has just come counts, though it has sent nothing yet: two encoders may replace each other faster than that. */
  #isOnAir({ claimant, claimedAtMs }: Claim): boolean {
    return this.#now() - (claimant.lastTagAtMs ?? claimedAtMs) < SILENCE_MS;
  }
}

const nameOf = ({ streamId, ingest = 'primary' }: ClaimedIngest): string => `${ingest} ${streamId}`;
