// Plain Node.js without dependencies, because setup.mjs uses it before any are installed.
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** Finds a program on the PATH. Null if there is none with this name. */
export function findProgram(name) {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // The file is missing or not executable. A later folder may have another one.
    return false;
  }
}
