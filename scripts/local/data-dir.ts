import { randomBytes } from 'node:crypto';
import { resolve, sep } from 'node:path';
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

/** Runs what works in a data folder. If something there is in the way, rejects with a UserError. */
export async function inDataDir<Result>(dataDir: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw isAbout(dataDir, error) ? toDataDirError(dataDir, error) : error;
  }
}

function isAbout(dataDir: string, error: unknown): boolean {
  const { path } = error as NodeJS.ErrnoException;
  return typeof path === 'string' && `${resolve(path)}${sep}`.startsWith(`${resolve(dataDir)}${sep}`);
}

/** What errors of the system mean to a person. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'you have no permission',
  EPERM: 'you have no permission',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EEXIST: 'something else has its name',
  ENOTDIR: 'a file is where a folder must be',
  EISDIR: 'a folder is where a file must be',
  ERR_FS_EISDIR: 'a folder is where a file must be',
  ENOENT: 'there is no place for it',
};

function reasonFor(cause: unknown): string {
  const { code = '', path } = cause as NodeJS.ErrnoException;
  const reason = REASONS[code];
  return reason === undefined ? errorMessage(cause) : `${reason} (${code}${path === undefined ? '' : `: ${path}`})`;
}

function toDataDirError(dataDir: string, cause: unknown): UserError {
  const message = `The data folder ${dataDir} can't be used: ${reasonFor(cause)}. Choose another with --data-dir.`;
  return new UserError(message, { cause });
}
