import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authorise, IngestAuthRequest, IngestAuthResponse } from '#domain/ingest-auth.ts';
import { DecisionSlots } from './decision-slots.ts';
import type { RtmpLimits } from './rtmp-limits.ts';
import { toSourceNetwork } from './source-network.ts';

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

interface Failures {
  readonly count: number;
  readonly lastAtMs: number;
}

/** The tables forget their oldest entries beyond these. */
const MAX_NETWORKS = 10_000;
const MAX_KNOWN_KEYS = 1_000;

/**
 * Asks `authorise`, but an address that keeps trying wrong keys gets its answers late, and after some more is refused
 * unasked, as late, until it has been quiet for a while. Refusals make that no longer: a broadcaster whose software reconnects on
 * its own would never get out. Many people may share an address, so a key that was right from there is always asked
 * about; it is the newcomers who wait. Only so many are asked about at once, whoever has hung up meanwhile: keys that were
 * right before and newcomers don't take that room from each other, and no address takes all of it. Whoever tries one key
 * after another from ever new addresses is slowed, too: the task answers wrong keys one after another, at intervals, until
 * one would wait longer than an address that has tried many.
 */
export class FailedKeys {
  readonly #options: FailedKeysOptions;
  readonly #failures = new Map<string, Failures>();
  readonly #knownKeys = new Set<string>();
  readonly #newcomers: DecisionSlots;
  readonly #acquaintances: DecisionSlots;
  /** When the next wrong key may be answered, whoever tried it. */
  #nextAnswerMs = 0;

  constructor(options: FailedKeysOptions) {
    const { maxDecisionsPerAddress, maxDecisions } = options.limits;
    this.#options = options;
    this.#newcomers = new DecisionSlots(maxDecisionsPerAddress, maxDecisions);
    this.#acquaintances = new DecisionSlots(maxDecisionsPerAddress, maxDecisions);
  }

  /** Decides like `authorise`, and rejects as it does. An empty key is a wrong one. */
  async authorise(request: IngestAuthRequest): Promise<IngestAuthResponse> {
    const network = toSourceNetwork(request.sourceAddress);
    const knownKey = createHash('sha256').update(`${network} ${request.streamKey}`).digest('base64');
    const isKnown = this.#knownKeys.has(knownKey);
    const refusal = isKnown ? null : this.#refusal(network);
    // At once, it would be what somebody asks for a hundred times a second.
    if (refusal !== null) return sleep(this.#options.limits.failedKeyDelayMs, refusal);
    const slots = isKnown ? this.#acquaintances : this.#newcomers;
    if (!slots.take(network)) return BUSY;
    const { decision, delayMs } = await this.#ask(request, network, knownKey).finally(() => slots.free(network));
    if (delayMs > 0) await sleep(delayMs);
    return decision;
  }

  /** A wrong key counts from its answer on, before its slot is free again: there is no moment without either. */
  async #ask(request: IngestAuthRequest, network: string, knownKey: string) {
    const decision = request.streamKey === '' ? MISSING_KEY : await this.#options.authorise(request);
    return { decision, delayMs: this.#learn(decision, network, knownKey) };
  }

  /** Null where the network may ask. */
  #refusal(network: string): IngestAuthResponse | null {
    const { limits, now } = this.#options;
    const failed = this.#failuresOf(network);
    if (failed.count >= limits.failedKeysBeforeRefusal) {
      return tooManyFailures(failed.lastAtMs + limits.failedKeyMemoryMs - now());
    }
    return failed.count + this.#newcomers.held(network) < limits.failedKeysBeforeRefusal ? null : BUSY;
  }

  /** Remembers how a key did; returns for how long its answer is held back. */
  #learn(decision: IngestAuthResponse, network: string, knownKey: string): number {
    if (decision.allow) {
      keepNewest(this.#knownKeys, knownKey, MAX_KNOWN_KEYS);
      return 0;
    }
    if (decision.code !== 'NetStream.Publish.BadName') return 0;
    const { limits, now } = this.#options;
    this.#knownKeys.delete(knownKey);
    const count = this.#failuresOf(network).count + 1;
    this.#failures.delete(network);
    this.#failures.set(network, { count, lastAtMs: now() });
    dropOldest(this.#failures, MAX_NETWORKS);
    const turnMs = this.#takeTurn();
    return count > limits.failedKeysBeforeDelay ? limits.failedKeyDelayMs : turnMs;
  }

  /** Milliseconds until a wrong key may be answered, 0 unless others were just before; never more than an address's own delay. */
  #takeTurn(): number {
    const { limits, now } = this.#options;
    const nowMs = now();
    const latestMs = nowMs + limits.failedKeyDelayMs;
    // A wall now that was set back must not leave a turn far ahead.
    const turnMs = Math.min(Math.max(nowMs, this.#nextAnswerMs), latestMs);
    this.#nextAnswerMs = turnMs + limits.failedKeyIntervalMs;
    return turnMs - nowMs;
  }

  #failuresOf(network: string): Failures {
    const { limits, now } = this.#options;
    const failures = this.#failures.get(network);
    return failures === undefined || now() - failures.lastAtMs >= limits.failedKeyMemoryMs ? NO_FAILURES : failures;
  }
}

const NO_FAILURES: Failures = { count: 0, lastAtMs: 0 };

/** Final for nobody: whoever has a right key gets in with the next try. */
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

function keepNewest(set: Set<string>, entry: string, maxSize: number): void {
  set.delete(entry);
  set.add(entry);
  dropOldest(set, maxSize);
}

/** Maps and sets iterate in the order in which entries were added. */
function dropOldest(table: Map<string, unknown> | Set<string>, maxSize: number): void {
  for (const oldest of table.keys()) {
    if (table.size <= maxSize) return;
    table.delete(oldest);
  }
}
