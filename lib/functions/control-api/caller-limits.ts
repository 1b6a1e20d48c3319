import { LRUCache } from 'lru-cache';
import { TokenBucket } from '#domain/token-bucket.ts';

/** A steady rate, and how many requests may come at once. */
export interface RequestRate {
  readonly perSecond: number;
  readonly capacity: number;
}

/** Limits of requests without a valid token. A network is an address, or an IPv6 /64 (`toSourceNetwork`). */
export interface StrangerRates {
  readonly perNetwork: RequestRate;
  readonly together: RequestRate;
}

/** The rates of one instance of the function. */
export interface CallerRates {
  readonly perToken: RequestRate;
  /** Requests without a token, or with one that can't be valid. They cost no look-up. */
  readonly anonymous: StrangerRates;
  /** Requests with a token that this instance doesn't know. Each costs a look-up in the database. */
  readonly unknownTokens: StrangerRates;
}

/**
 * An admin's scripts stay below 100 requests a second, and a site that makes viewer tokens rarely needs more. The other
 * rates are for people who mistyped a token, and for scripts whose token was revoked.
 */
export const DEFAULT_CALLER_RATES: CallerRates = {
  perToken: { perSecond: 100, capacity: 300 },
  anonymous: { perNetwork: { perSecond: 10, capacity: 60 }, together: { perSecond: 200, capacity: 400 } },
  unknownTokens: { perNetwork: { perSecond: 1, capacity: 20 }, together: { perSecond: 50, capacity: 100 } },
};

/** Strangers can fill these tables, so the entries that were not used for longest are forgotten. */
const NETWORKS_LIMIT = 10_000;
const TOKENS_LIMIT = 1_000;

/** Limits how often each caller may ask. It answers with how long to wait in milliseconds, or 0 if the request may go on. */
export class CallerLimits {
  readonly #tokens: Buckets;
  readonly #anonymous: StrangerLimit;
  readonly #unknownTokens: StrangerLimit;

  /** `now` is milliseconds since 1970. */
  constructor(rates: CallerRates, now: () => number) {
    this.#tokens = new Buckets(rates.perToken, TOKENS_LIMIT, now);
    this.#anonymous = new StrangerLimit(rates.anonymous, now);
    this.#unknownTokens = new StrangerLimit(rates.unknownTokens, now);
  }

  /** A request with a token that was valid when it was last looked up. It counts as so many requests. */
  takeToken(tokenId: string, requests: number): number {
    return take(this.#tokens.get(tokenId), requests);
  }

  takeAnonymous(network: string): number {
    return this.#anonymous.take(network);
  }

  takeUnknownToken(network: string): number {
    return this.#unknownTokens.take(network);
  }
}

/** Limits each network first, so that a single one can't use up what all have together. */
class StrangerLimit {
  readonly #networks: Buckets;
  readonly #together: TokenBucket;

  constructor({ perNetwork, together }: StrangerRates, now: () => number) {
    this.#networks = new Buckets(perNetwork, NETWORKS_LIMIT, now);
    this.#together = new TokenBucket({ ...together, now });
  }

  take(network: string): number {
    return take(this.#networks.get(network)) || take(this.#together);
  }
}

/** A bounded table of token buckets. */
class Buckets {
  readonly #buckets: LRUCache<string, TokenBucket>;
  readonly #rate: RequestRate;
  readonly #now: () => number;

  constructor(rate: RequestRate, max: number, now: () => number) {
    this.#buckets = new LRUCache({ max });
    this.#rate = rate;
    this.#now = now;
  }

  get(name: string): TokenBucket {
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    const bucket = new TokenBucket({ ...this.#rate, now: this.#now });
    this.#buckets.set(name, bucket);
    return bucket;
  }
}

const take = (bucket: TokenBucket, requests = 1): number => (bucket.take(requests) ? 0 : bucket.waitMs(requests));
