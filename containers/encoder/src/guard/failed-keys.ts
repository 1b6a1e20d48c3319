import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Authorise, IngestAuthRequest, IngestAuthResponse } from '#domain/ingest-auth.ts';
import { DecisionSlots } from './decision-slots.ts';
import type { RtmpLimits } from './rtmp-limits.ts';
import { toSourceNetwork } from './source-network.ts';
import { TokenBucket } from './token-bucket.ts';

export interface FailedKeysOptions {
  readonly authorise: Authorise;
  readonly limits: Pick<
    RtmpLimits,
    | 'maxDecisionsPerAddress'
    | 'maxDecisions'
    | 'failedKeysBeforeDelay'
    | 'failedKeysBeforeRefusal'
    | 'failedKeyDelayMs'
    | 'failedKeyIntervalMs'
    | 'failedKeyMemoryMs'
  >;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A full table forgets its oldest entry. */
const MAX_NETWORKS = 10_000;
const MAX_KNOWN_KEYS = 1_000;

/**
 * Asks `authorise` and slows down whoever tries wrong keys.
 *
 * - A network's first wrong keys are answered at once, the next ones late. After that its keys are refused late and without
 *   asking, until it has tried no wrong key for a while. A refusal does not extend that time: a broadcaster's software that
 *   reconnects by itself would never get out.
 * - A key that was right from the same network before is always asked about. Many people may share an address, and one
 *   person's guesses must not keep the others out.
 * - The number of decisions that run at once is limited, even for connections that have hung up. Known keys and newcomers
 *   have separate slots, and no network can take all of them.
 * - All wrong keys of the task are answered one after another, at an interval. That slows down an attacker who uses a new
 *   address for each key.
 */
export class FailedKeys {
  readonly #options: FailedKeysOptions;
  /** Wrong keys by network. */
  readonly #failures: LRUCache<string, number>;
  readonly #knownKeys = new LRUCache<string, true>({ max: MAX_KNOWN_KEYS });
  readonly #newcomers: DecisionSlots;
  readonly #acquaintances: DecisionSlots;
  readonly #answers: TokenBucket;

  constructor(options: FailedKeysOptions) {
    const { limits, now } = options;
    this.#options = options;
    this.#failures = new LRUCache({
      max: MAX_NETWORKS,
      ttl: limits.failedKeyMemoryMs,
      // Without a resolution of 0 the cache remembers the time for a millisecond.
      ttlResolution: 0,
      perf: { now },
    });
    this.#newcomers = new DecisionSlots(limits.maxDecisionsPerAddress, limits.maxDecisions);
    this.#acquaintances = new DecisionSlots(limits.maxDecisionsPerAddress, limits.maxDecisions);
    this.#answers = new TokenBucket({ perSecond: 1000 / limits.failedKeyIntervalMs, capacity: 1, now });
  }

  /** Decides like `authorise`, and rejects as it does. An empty key is a wrong one. */
  async authorise(request: IngestAuthRequest): Promise<IngestAuthResponse> {
    const network = toSourceNetwork(request.sourceAddress);
    const knownKey = createHash('sha256').update(`${network} ${request.streamKey}`).digest('base64');
    const isKnown = this.#knownKeys.has(knownKey);
    const refusal = isKnown ? null : this.#refusal(network);
    // An immediate refusal would let one address ask a hundred times a second.
    if (refusal !== null) return sleep(this.#options.limits.failedKeyDelayMs, refusal);
    const slots = isKnown ? this.#acquaintances : this.#newcomers;
    if (!slots.take(network)) return BUSY;
    const { decision, delayMs } = await this.#ask(request, network, knownKey).finally(() => slots.free(network));
    if (delayMs >= 1) await sleep(delayMs);
    return decision;
  }

  /** Counts a wrong key before its slot is free again, so that it is never uncounted. */
  async #ask(request: IngestAuthRequest, network: string, knownKey: string) {
    const decision = request.streamKey === '' ? MISSING_KEY : await this.#options.authorise(request);
    return { decision, delayMs: this.#learn(decision, network, knownKey) };
  }

  /** Null if the network may ask. Keys that are being checked count as wrong ones. */
  #refusal(network: string): IngestAuthResponse | null {
    const { failedKeysBeforeRefusal } = this.#options.limits;
    const failures = this.#failures.peek(network) ?? 0;
    if (failures >= failedKeysBeforeRefusal) return tooManyFailures(this.#failures.getRemainingTTL(network));
    return failures + this.#newcomers.held(network) < failedKeysBeforeRefusal ? null : BUSY;
  }

  /** Remembers the outcome. Returns how many milliseconds the answer is held back. */
  #learn(decision: IngestAuthResponse, network: string, knownKey: string): number {
    if (decision.allow) {
      this.#knownKeys.set(knownKey, true);
      return 0;
    }
    if (decision.code !== 'NetStream.Publish.BadName') return 0;
    const { failedKeysBeforeDelay, failedKeyDelayMs } = this.#options.limits;
    this.#knownKeys.delete(knownKey);
    const failures = (this.#failures.peek(network) ?? 0) + 1;
    this.#failures.set(network, failures);
    const turnMs = this.#answers.takeTurn(failedKeyDelayMs);
    return failures > failedKeysBeforeDelay ? failedKeyDelayMs : turnMs;
  }
}

/** Not final: a right key gets in at the next try. */
const BUSY: IngestAuthResponse = {
  allow: false,
  code: 'NetStream.Publish.Rejected',
  description: 'Too many stream keys are being checked at the moment; try again',
};

const MISSING_KEY: IngestAuthResponse = {
  allow: false,
  code: 'NetStream.Publish.BadName',
  description: 'The stream key is missing',
};

function tooManyFailures(waitMs: number): IngestAuthResponse {
  const description = `Too many wrong stream keys came from your address; try again in ${Math.ceil(waitMs / 1000)} s`;
  return { allow: false, code: 'NetStream.Publish.Rejected', description };
}
