import type { Logger } from 'pino';
import type { ViewerTokenKeys } from '#domain/viewer-tokens.ts';
import { openSecretLate, type SecretSource } from '#runtime/stored-secret.ts';
import { parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { ProblemError, tryAgain } from './problem.ts';

/** Reads the keys that sign viewer tokens. */
export type ReadViewerTokenKeys = () => Promise<ViewerTokenKeys>;

/** Opens the keys that sign viewer tokens. Stored keys are first read when they are needed. */
export function openViewerTokenKeys(source: SecretSource<ViewerTokenKeys>, now: () => number): ReadViewerTokenKeys {
  if ('value' in source) return async () => source.value;
  const read = openSecretLate(source, now);
  return async () => parseViewerTokenKeys(await read());
}

/** What to throw if a stream is to have viewer tokens in a deployment without keys for them. */
export const viewerTokensNotSetUp = (): ProblemError =>
  new ProblemError({ status: 409, detail: 'Viewer tokens are not set up here; use playback "public".' });

/** Reads the keys for a request. Throws what to answer if that is not possible. */
export async function keysForTokens({
  viewerTokenKeys,
  log,
}: {
  readonly viewerTokenKeys: ReadViewerTokenKeys | null;
  readonly log: Logger;
}): Promise<ViewerTokenKeys> {
  if (viewerTokenKeys === null) throw viewerTokensNotSetUp();
  try {
    return await viewerTokenKeys();
  } catch (error) {
    log.error({ err: error }, 'viewer token keys cannot be read');
    throw new ProblemError(tryAgain('The viewer token keys cannot be read at the moment. Try again.'));
  }
}
