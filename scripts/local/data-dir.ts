import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { generateSecret } from '#domain/stream-ids.ts';
import { nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { type LocalState, readLocalState, writeLocalState } from './local-state.ts';

/** The data folder, relative to the working directory, if no other is named. */
export const DEFAULT_DATA_DIR = '.headend';

/** Folder below the data folder for what is built on start. */
export const BUILD_DIR = 'build';
/** Folder below the data folder for the database. */
export const DYNAMODB_DIR = 'dynamodb';

/** Creates the data folder if it is missing. Rejects with a UserError if that fails. */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
  } catch (cause) {
    throw toDataDirError(dataDir, cause);
  }
}

/** Reads the secrets of a data folder. The first start creates them. Rejects with a UserError if that fails. */
export async function openDataDir(dataDir: string): Promise<LocalState> {
  await makeDataDir(dataDir);
  try {
    const state = (await readLocalState(dataDir)) ?? createState();
    await writeLocalState(dataDir, state);
    return state;
  } catch (cause) {
    throw toDataDirError(dataDir, cause);
  }
}

const createState = (): LocalState => ({
  adminToken: generateSecret(randomBytes),
  viewerTokenKeys: JSON.stringify(nextViewerTokenKeys(null, randomBytes)),
  streams: {},
});

function toDataDirError(dataDir: string, cause: unknown): UserError {
  const message = `The data folder ${dataDir} can't be used: ${errorMessage(cause)}. Choose another with --data-dir.`;
  return new UserError(message, { cause });
}
