import type { ViewerTokenKeys } from '#domain/viewer-tokens.ts';
import { readEnvironment } from '#runtime/environment.ts';
import { parseViewerTokenKeys } from '#runtime/parse-viewer-token-keys.ts';
import { createSecretsManager, createStoredSecret, type ReadSecret } from '#runtime/stored-secret.ts';
import { ProblemError } from './problem.ts';

/** Reads the keys that sign viewer tokens. Null where a deployment has none, and so no streams with playback "token". */
export type ReadViewerTokenKeys = () => Promise<ViewerTokenKeys>;

/** The keys that the environment names, either by themselves or by where they are stored. Throws where both are named. */
export function resolveViewerTokenKeys(source: NodeJS.ProcessEnv, now: () => number): ReadViewerTokenKeys | null {
  if (source.VIEWER_TOKEN_KEYS && source.VIEWER_TOKEN_SECRET_ARN) {
    throw new Error('VIEWER_TOKEN_KEYS and VIEWER_TOKEN_SECRET_ARN are both set: one of them is enough');
  }
  if (source.VIEWER_TOKEN_KEYS) {
    const { VIEWER_TOKEN_KEYS } = readEnvironment('control-api with viewer tokens at hand', source);
    const keys = parseViewerTokenKeys(VIEWER_TOKEN_KEYS);
    return async () => keys;
  }
  if (!source.VIEWER_TOKEN_SECRET_ARN) return null;
  const { VIEWER_TOKEN_SECRET_ARN } = readEnvironment('control-api with stored viewer token keys', source);
  return storedKeys(VIEWER_TOKEN_SECRET_ARN, now);
}

/** The client is made for the first token: few cold starts are for one. */
function storedKeys(secretId: string, now: () => number): ReadViewerTokenKeys {
  let opened: Promise<ReadSecret> | null = null;
  return async () => {
    opened ??= createSecretsManager().then((client) => createStoredSecret({ client, secretId, now }));
    const read = await opened;
    return parseViewerTokenKeys(await read());
  };
}

/** What to throw where a stream is to have viewer tokens, and there are no keys for them. */
export const viewerTokensNotSetUp = (): ProblemError =>
  new ProblemError({ status: 409, detail: 'Viewer tokens are not set up here; use playback "public".' });
