import type { ViewerTokenKeys } from '#domain/viewer-tokens.ts';
import {
  createSecretsManager,
  createStoredSecret,
  type ReadSecret,
  type SecretSource,
} from '#runtime/stored-secret.ts';
import { parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { ProblemError } from './problem.ts';

/** Reads the keys that sign viewer tokens. */
export type ReadViewerTokenKeys = () => Promise<ViewerTokenKeys>;

/** Opens the keys that sign viewer tokens. Stored keys are first read when they are needed. */
export function openViewerTokenKeys(source: SecretSource<ViewerTokenKeys>, now: () => number): ReadViewerTokenKeys {
  if ('value' in source) return async () => source.value;
  const { arn } = source;
  // Few cold starts are for a viewer token, so the client is made for the first token.
  let opened: Promise<ReadSecret> | null = null;
  return async () => {
    opened ??= createSecretsManager().then((client) => createStoredSecret({ client, secretId: arn, now }));
    const read = await opened;
    return parseViewerTokenKeys(await read());
  };
}

/** What to throw if a stream is to have viewer tokens in a deployment without keys for them. */
export const viewerTokensNotSetUp = (): ProblemError =>
  new ProblemError({ status: 409, detail: 'Viewer tokens are not set up here; use playback "public".' });
