import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSecret, type RandomBytes } from '#domain/stream-ids.ts';
import { LOCAL_SECRET_VARIABLE } from './aws-environment.ts';

/** The name of the file to which compose.yaml refers. */
const COMPOSE_ENVIRONMENT_FILE = 'compose.env';

/**
 * Writes the secret that the containers of compose.yaml share, to a file that only its owner can read: on Linux, every
 * user of the machine can connect to containers. A file that exists stays as it is, so that containers are not replaced
 * for nothing. Resolves to its path.
 */
export async function makeComposeEnvironment(outDir: string, randomBytes: RandomBytes): Promise<string> {
  const path = join(outDir, COMPOSE_ENVIRONMENT_FILE);
  await mkdir(outDir, { recursive: true });
  const secret = generateSecret(randomBytes);
  // The edge checks signatures with the first, and the SDK in the encoder signs with the second.
  const text = `${LOCAL_SECRET_VARIABLE}=${secret}\nAWS_SECRET_ACCESS_KEY=${secret}\n`;
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await chmod(path, 0o600);
  }
  return path;
}
