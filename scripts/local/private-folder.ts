import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Permissions of the group and of everybody else. */
const OTHERS_MASK = 0o077;

/** New files of this process and its children are for their owner only. */
export function makePrivateFiles(): void {
  process.umask(OTHERS_MASK);
}

/**
 * Creates a folder that only its owner can look into. If it exists and others can, closes it and all that it contains,
 * as long as all names in it are own ones: other things may be meant for others. Rejects if it stays open.
 */
export async function makePrivateFolder(path: string, isOwnName: (name: string) => boolean): Promise<void> {
  await makeFolder(resolve(path));
  const { mode, uid } = await stat(path);
  if (uid !== process.getuid?.()) throw new Error('it belongs to another user, who could read everything in it');
  if ((mode & OTHERS_MASK) === 0) return;
  const foreign = (await readdir(path)).find((name) => !isOwnName(name));
  if (foreign !== undefined) {
    throw new Error(`other users can look into it, and it is not Headend's alone: it has ${foreign} in it`);
  }
  await closeToOthers(path);
}

/** With its parents. (Node's own `recursive` never ends where no folder can be made, as in /proc.) */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: FOLDER_MODE });
  }
}

/** Takes all permissions from others, the folder's own first. Symbolic links are not followed. */
async function closeToOthers(folder: string): Promise<void> {
  await chmod(folder, FOLDER_MODE);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await closeToOthers(path);
    else if (entry.isFile()) await chmod(path, FILE_MODE);
  }
}
