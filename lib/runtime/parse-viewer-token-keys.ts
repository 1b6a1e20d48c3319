import { z } from 'zod';
import type { ViewerTokenKeys } from '#domain/viewer-tokens.ts';

/** Two are enough for a rotation; with them the text fits into CloudFront's key value store, which takes 1 KB. */
const KEYS_LIMIT = 2;

const keysSchema: z.ZodType<ViewerTokenKeys> = z
  .strictObject({
    current: z.string(),
    keys: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,32}$/), z.string().regex(/^[A-Za-z0-9_-]{43,128}$/)),
  })
  .refine(({ keys }) => Object.keys(keys).length <= KEYS_LIMIT, `More than ${KEYS_LIMIT} keys`)
  .refine(({ current, keys }) => Object.hasOwn(keys, current), 'The current key is missing');

/** Reads keys of viewer tokens from their JSON. Throws an error that quotes nothing of it. */
export function parseViewerTokenKeys(text: string): ViewerTokenKeys {
  const keys = keysSchema.safeParse(parseJson(text));
  if (keys.success) return keys.data;
  const problems = keys.error.issues.map(
    ({ path, message }) => `${path[0] === undefined ? '' : `${String(path[0])}: `}${message}`,
  );
  throw new Error(`not the keys of viewer tokens: ${problems.join('; ')}`);
}

/** Undefined, which no schema takes, where the text isn't JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
