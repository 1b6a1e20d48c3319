import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { nextViewerTokenKeys } from '#domain/next-viewer-token-keys.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { type LocalState, readLocalState, writeLocalState } from './local-state.ts';

/** The data folder, relative to the working directory, if no other is named. */
export const DEFAULT_DATA_DIR = '.headend';

/** Creates the data folder if it is missing. Rejects with a UserError if that fails. */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
  } catch (cause) {
    throw toDataDirError(dataDir, cause);
  }
}

/** Reads the secrets of a data folder and creates those that are missing. Rejects with a UserError if that fails. */
export async function openDataDir(dataDir: string): Promise<LocalState & { readonly viewerTokenKeys: string }> {
  await makeDataDir(dataDir);
  try {
    const known = (await readLocalState(dataDir)) ?? { adminToken: generateSecret(randomBytes), streams: {} };
    const { viewerTokenKeys = JSON.stringify(nextViewerTokenKeys(null, randomBytes)) } = known;
    const state = { ...known, viewerTokenKeys };
    await writeLocalState(dataDir, state);
    return state;
  } catch (cause) {
    throw toDataDirError(dataDir, cause);
  }
}

function toDataDirError(dataDir: string, cause: unknown): UserError {
  const reason = errorMessage(cause);
  return new UserError(`The data folder ${dataDir} can't be used: ${reason}. Choose another with --data-dir.`, {
    cause,
  });
}
