import { hkdfSync } from 'node:crypto';
import type { Context } from 'hono';
import { hashSecret, type RandomBytes } from '#domain/stream-ids.ts';
import type { IdempotencyStore } from '#runtime/idempotency-store.ts';
import { noteRepeat } from './audit-notes.ts';
import { ProblemError } from './problem.ts';

/** Size of the random seed of a request. */
const SEED_BYTES = 20;

/** A request that an attempt tries to fulfil. */
export interface AttemptedRequest<Base> {
  /** The validated body. */
  readonly body: unknown;
  /** The state that this attempt read and is about to change, as JSON types. Null if it creates something new. */
  readonly base: Base;
}

/** One attempt at a POST. */
export interface Attempt<Base = unknown> {
  /** Returns the same bytes in every attempt at the same request, so all attempts create the same ids and secrets. */
  readonly randomBytes: RandomBytes;
  /** Start of the first attempt, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** The state that the first attempt read. */
  readonly base: Base;
  /** Whether an earlier attempt has completed the request. Then only the response is missing. */
  readonly isDone: boolean;
  /** Records that the request is completed. */
  finish(): Promise<void>;
  /** Whether the thing with this id was removed, after an earlier attempt may have created it. */
  wasRemoved(thingId: string): Promise<boolean>;
}

/** The store, clock and randomness that attempts use. */
export interface AttemptDependencies {
  readonly idempotency: IdempotencyStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/**
 * Begins an attempt at the request of `context`. With an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header),
 * a repeat completes what is left to do and returns the same response, including its secrets. Secrets are not stored.
 * They are derived from the caller's admin token or session and a random seed, and only the seed is stored, so neither a reader of
 * the database nor another admin can derive them. Throws a 422 if the key was used for another request.
 */
export async function beginAttempt<Base>(
  context: Context,
  { body, base }: AttemptedRequest<Base>,
  { idempotency, now, randomBytes }: AttemptDependencies,
): Promise<Attempt<Base>> {
  const key = context.req.header('Idempotency-Key');
  const secret = context.get('credential')?.secret ?? null;
  if (key === undefined || secret === null) {
    const alone = { finish: async () => undefined, wasRemoved: async () => false };
    return { randomBytes, startedAtMs: now(), base, isDone: false, ...alone };
  }
  const requestKey = hashSecret(JSON.stringify([hashSecret(secret), key]));
  const fingerprint = hashSecret(JSON.stringify([context.req.method, context.req.path, body]));
  const seed = randomBytes(SEED_BYTES).toString('hex');
  const record = await idempotency.begin({ requestKey, fingerprint, seed, base, nowMs: now() });
  if (record.fingerprint !== fingerprint) {
    throw new ProblemError({ status: 422, detail: 'This Idempotency-Key was used for another request.' });
  }
  const { startedAtMs, isDone } = record;
  if (isDone) noteRepeat(context);
  return {
    randomBytes: repeatableBytes(secret, record.seed),
    startedAtMs,
    // The fingerprint proves that this function stored it for the same method and path.
    base: record.base as Base,
    isDone,
    finish: () => idempotency.finish(requestKey),
    wasRemoved: idempotency.wasRemoved,
  };
}

/** Returns a RandomBytes that returns the same sequence of bytes for the same secret and seed (RFC 5869). */
function repeatableBytes(secret: string, seed: string): RandomBytes {
  let calls = 0;
  return (size) => {
    calls += 1;
    return Buffer.from(hkdfSync('sha256', secret, seed, `headend attempt ${calls}`, size));
  };
}
