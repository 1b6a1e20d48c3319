import { generateId, type RandomBytes } from './stream-ids.ts';
import type { ViewerTokenKeys } from './viewer-tokens.ts';

const SECRET_BYTES = 32;

/** The keys after a rotation: a new one signs, the one that signed before stays good, all others go. Null: the first key. */
export function nextViewerTokenKeys(keys: ViewerTokenKeys | null, randomBytes: RandomBytes): ViewerTokenKeys {
  const current = generateId(randomBytes);
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const former = keys === null ? {} : { [keys.current]: keys.keys[keys.current] ?? '' };
  return { current, keys: { ...former, [current]: secret } };
}
