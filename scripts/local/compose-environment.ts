import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSecret, type RandomBytes } from '#domain/stream-ids.ts';
import { LOCAL_SECRET_VARIABLE } from './aws-environment.ts';

/** The name of the file to which compose.yaml refers. */
const COMPOSE_ENVIRONMENT_FILE = 'compose.env';

/**
 * Writes the secrets that the containers of compose.yaml share, to a file that only its owner can read: on Linux, every
 * user of the machine can connect to containers. A file that has them stays as it is, so that containers are not replaced
 * for nothing. Resolves to its path.
 */
export async function makeComposeEnvironment(outDir: string, randomBytes: RandomBytes): Promise<string> {
  const path = join(outDir, COMPOSE_ENVIRONMENT_FILE);
  await mkdir(outDir, { recursive: true });
  const secret = generateSecret(randomBytes);
  // The edge checks signatures with the first, and the SDK in the encoder signs with the second. The edge shows the third.
  const variables = {
    [LOCAL_SECRET_VARIABLE]: secret,
    AWS_SECRET_ACCESS_KEY: secret,
    EDGE_SECRET: generateSecret(randomBytes),
  };
  if (!(await hasAll(path, Object.keys(variables)))) {
    const text = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(path, text.join(''), { mode: 0o600 });
  }
  // The mode above is for a new file only.
  await chmod(path, 0o600);
  return path;
}

async function hasAll(path: string, names: readonly string[]): Promise<boolean> {
  try {
    const text = await readFile(path, 'utf8');
    return names.every((name) => text.split('\n').some((line) => line.startsWith(`${name}=`)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}
