import { hkdfSync } from 'node:crypto';
import type { Context } from 'hono';
import { hashSecret, type RandomBytes } from '#domain/stream-ids.ts';
import type { IdempotencyStore } from '#runtime/idempotency-store.ts';
import { bearerToken } from './admin-auth.ts';
import { ProblemError } from './problem.ts';

/** Bytes of a request's seed. */
const SEED_BYTES = 20;

/** What is asked for. */
export interface AttemptedRequest<Base> {
  /** Validated. */
  readonly body: unknown;
  /** What this attempt has found and means to change, in JSON's types; null where it makes something new. */
  readonly base: Base;
}

/** One attempt at a POST. */
export interface Attempt<Base = unknown> {
  /** Every attempt at the same request gets the same bytes, and so makes the same ids and secrets. */
  readonly randomBytes: RandomBytes;
  /** When the first attempt began, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** What the first attempt found. */
  readonly base: Base;
  /** An earlier attempt has done it all: only the answer is missing. */
  readonly isDone: boolean;
  /** All is done. */
  finish(): Promise<void>;
  /** Whether an earlier attempt may have made the thing with this id, and somebody has removed it since. */
  wasRemoved(thingId: string): Promise<boolean>;
}

/** What attempts are made with. */
export interface AttemptDependencies {
  readonly idempotency: IdempotencyStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/**
 * Begins an attempt at the request of `context`. With an `Idempotency-Key`
 * (draft-ietf-httpapi-idempotency-key-header) a repeat does what is left to do and gets the same answer, secrets
 * included. They are stored nowhere: they are made of the caller's admin token and a random seed, which alone is kept, so
 * neither a reader of the database nor another admin can make them. Throws a 422 for a key used for something else.
 */
export async function beginAttempt<Base>(
  context: Context,
  { body, base }: AttemptedRequest<Base>,
  { idempotency, now, randomBytes }: AttemptDependencies,
): Promise<Attempt<Base>> {
  const key = context.req.header('Idempotency-Key');
  const token = bearerToken(context);
  if (key === undefined || token === null) {
    const alone = { finish: async () => undefined, wasRemoved: async () => false };
    return { randomBytes, startedAtMs: now(), base, isDone: false, ...alone };
  }
  const requestKey = hashSecret(JSON.stringify([hashSecret(token), key]));
  const fingerprint = hashSecret(JSON.stringify([context.req.method, context.req.path, body]));
  const seed = randomBytes(SEED_BYTES).toString('hex');
  const record = await idempotency.begin({ requestKey, fingerprint, seed, base, nowMs: now() });
  if (record.fingerprint !== fingerprint) {
    throw new ProblemError({ status: 422, detail: 'This Idempotency-Key was used for another request.' });
  }
  const { startedAtMs, isDone } = record;
  return {
    randomBytes: repeatableBytes(token, record.seed),
    startedAtMs,
    // Written by this function for the same method and path, as the fingerprint shows; release 0.1.0 wrote none.
    base: (record.base ?? base) as Base,
    isDone,
    finish: () => idempotency.finish(requestKey),
    wasRemoved: idempotency.wasRemoved,
  };
}

/** A RandomBytes that gives the same bytes in the same order for the same token and seed (RFC 5869). */
function repeatableBytes(token: string, seed: string): RandomBytes {
  let calls = 0;
  return (size) => {
    calls += 1;
    return Buffer.from(hkdfSync('sha256', token, seed, `headend attempt ${calls}`, size));
  };
}
