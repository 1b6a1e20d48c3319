// Plain Node without dependencies, as setup.mjs is, which runs before there are any.
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where a program of this name is on the PATH; null where it isn't. */
export function findProgram(name) {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not to be run: either way there may be another further on.
    return false;
  }
}
