import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Authorise, IngestAuthRequest, IngestAuthResponse } from '#domain/ingest-auth.ts';
import { toSourceNetwork } from '#domain/source-network.ts';
import { TokenBucket } from '#domain/token-bucket.ts';
import { DecisionSlots } from './decision-slots.ts';
import type { RtmpLimits } from './rtmp-limits.ts';

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

/** When a table is full, its least recently used entry is dropped. */
const MAX_NETWORKS = 10_000;
const MAX_KNOWN_KEYS = 1_000;

/** Temporary: the same key may be accepted at the next try. */
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

/**
 * Wraps `authorise` and slows down networks that send wrong keys.
 *
 * - The first wrong keys of a network are answered at once, later ones after a delay. After too many, all its keys are refused
 *   after a delay and without a check, until it has tried no wrong key for `failedKeyMemoryMs`. Refusals do not restart that
 *   time: software that reconnects by itself would never get out.
 * - A key that worked from this network before is always checked. Other people's guesses from the same address must not keep
 *   its owner out.
 * - The number of checks at once is limited. A check keeps its slot even if its connection has closed. Known and unknown keys
 *   have separate slots, and no network can take all of them.
 * - Answers to wrong keys of the whole task are spaced out, by at most `failedKeyDelayMs` each. That slows down whoever tries one
 *   key after another from ever new addresses. Many attempts side by side are limited by the slots, not by this.
 */
export class FailedKeys {
  readonly #options: FailedKeysOptions;
  /** Wrong keys by network. */
  readonly #failures: LRUCache<string, number>;
  readonly #knownKeys = new LRUCache<string, true>({ max: MAX_KNOWN_KEYS });
  readonly #unknownKeySlots: DecisionSlots;
  readonly #knownKeySlots: DecisionSlots;
  readonly #answerPacing: TokenBucket;

  constructor(options: FailedKeysOptions) {
    const { limits, now } = options;
    this.#options = options;
    this.#failures = new LRUCache({
      max: MAX_NETWORKS,
      ttl: limits.failedKeyMemoryMs,
      // By default the cache reuses a clock reading for a millisecond. 0 makes it ask `now` each time.
      ttlResolution: 0,
      perf: { now },
    });
    this.#unknownKeySlots = new DecisionSlots(limits.maxDecisionsPerAddress, limits.maxDecisions);
    this.#knownKeySlots = new DecisionSlots(limits.maxDecisionsPerAddress, limits.maxDecisions);
    this.#answerPacing = new TokenBucket({ perSecond: 1000 / limits.failedKeyIntervalMs, capacity: 1, now });
  }

  /** Decides and rejects like the `authorise` that it was given. An empty key counts as wrong and is not looked up. */
  async authorise(request: IngestAuthRequest): Promise<IngestAuthResponse> {
    const network = toSourceNetwork(request.sourceAddress);
    const knownKey = createHash('sha256').update(`${network} ${request.streamKey}`).digest('base64');
    const isKnown = this.#knownKeys.has(knownKey);
    const refusal = isKnown ? null : this.#refusal(network);
    // Delayed, so that one address can't try a hundred times a second.
    if (refusal !== null) return sleep(this.#options.limits.failedKeyDelayMs, refusal);
    const slots = isKnown ? this.#knownKeySlots : this.#unknownKeySlots;
    if (!slots.take(network)) return BUSY;
    const { decision, delayMs } = await this.#ask(request, network, knownKey).finally(() => slots.free(network));
    if (delayMs >= 1) await sleep(delayMs);
    return decision;
  }

  /** Counts a wrong key while it still holds its slot, so that `#refusal` sees it as pending or as failed. */
  async #ask(request: IngestAuthRequest, network: string, knownKey: string) {
    const decision = request.streamKey === '' ? MISSING_KEY : await this.#options.authorise(request);
    return { decision, delayMs: this.#record(decision, network, knownKey) };
  }

  /** Null if the network may try a key. Keys that are being checked count as wrong. */
  #refusal(network: string): IngestAuthResponse | null {
    const { failedKeysBeforeRefusal } = this.#options.limits;
    const failures = this.#failures.peek(network) ?? 0;
    if (failures >= failedKeysBeforeRefusal) return tooManyFailures(this.#failures.getRemainingTTL(network));
    return failures + this.#unknownKeySlots.held(network) < failedKeysBeforeRefusal ? null : BUSY;
  }

  /** Records the outcome. Returns the delay of the answer in milliseconds. */
  #record(decision: IngestAuthResponse, network: string, knownKey: string): number {
    if (decision.allow) {
      this.#knownKeys.set(knownKey, true);
      return 0;
    }
    if (decision.code !== 'NetStream.Publish.BadName') return 0;
    const { failedKeysBeforeDelay, failedKeyDelayMs } = this.#options.limits;
    this.#knownKeys.delete(knownKey);
    const failures = (this.#failures.peek(network) ?? 0) + 1;
    this.#failures.set(network, failures);
    const turnMs = this.#answerPacing.takeTurn(failedKeyDelayMs);
    return failures > failedKeysBeforeDelay ? failedKeyDelayMs : turnMs;
  }
}

function tooManyFailures(waitMs: number): IngestAuthResponse {
  const description = `Too many wrong stream keys came from your address; try again in ${Math.max(1, Math.ceil(waitMs / 1000))} s`;
  return { allow: false, code: 'NetStream.Publish.Rejected', description };
}
