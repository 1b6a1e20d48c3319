import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { type LocalState, readLocalState, writeLocalState } from './local-state.ts';
import { makePrivateFolder } from './private-folder.ts';

/** The data folder, relative to the working directory, if no other is named. */
export const DEFAULT_DATA_DIR = '.headend';

/** Folder below the data folder for what is built on start. */
export const BUILD_DIR = 'build';
/** Folder below the data folder for the database. */
export const DYNAMODB_DIR = 'dynamodb';

/** What Headend itself puts into a data folder. */
const OWN_NAMES = new RegExp(`^(${BUILD_DIR}|${DYNAMODB_DIR}|(local|running)\\.json(\\.new)?|headend.*\\.log)$`);

/**
 * Creates the data folder if it is missing, and closes it to other users of the machine: with its keys they could publish,
 * and with its database they could make themselves administrators. Rejects with a UserError if that fails.
 */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await makePrivateFolder(dataDir, (name) => OWN_NAMES.test(name));
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
