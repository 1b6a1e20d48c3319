import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { generateId, type RandomBytes } from '#domain/stream-ids.ts';
import type { SignText, ViewerTokenKeys } from '#domain/viewer-tokens.ts';

const SECRET_BYTES = 32;
/** A rotation needs two. The JSON of two keys fits into CloudFront's key value store, which takes 1 KB. */
const KEYS_LIMIT = 2;

const keysSchema: z.ZodType<ViewerTokenKeys> = z
  .strictObject({
    current: z.string(),
    keys: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,32}$/), z.string().regex(/^[A-Za-z0-9_-]{43,128}$/)),
  })
  .refine(({ keys }) => Object.keys(keys).length <= KEYS_LIMIT, `More than ${KEYS_LIMIT} keys`)
  .refine(({ current, keys }) => Object.hasOwn(keys, current), 'The current key is missing');

/** Parses the keys of viewer tokens from their JSON. Throws an error that does not quote them. */
export function parseViewerTokenKeys(text: string): ViewerTokenKeys {
  const keys = keysSchema.safeParse(parseJson(text));
  if (keys.success) return keys.data;
  const problems = keys.error.issues.map(
    ({ path, message }) => `${path[0] === undefined ? '' : `${String(path[0])}: `}${message}`,
  );
  throw new Error(`not the keys of viewer tokens: ${problems.join('; ')}`);
}

/**
 * The keys after a rotation. A new key signs, the key that signed before stays valid, and all others go. Without former
 * keys (null), the new key is the only one.
 */
export function nextViewerTokenKeys(former: ViewerTokenKeys | null, randomBytes: RandomBytes): ViewerTokenKeys {
  const current = generateId(randomBytes);
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const kept = former === null ? {} : { [former.current]: former.keys[former.current] ?? '' };
  return { current, keys: { ...kept, [current]: secret } };
}

/** Signs with Node.js's HMAC-SHA-256. */
export const hmacSha256: SignText = (key, text) => createHmac('sha256', key).update(text).digest('base64url');

/** Undefined, which no schema takes, if the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
