import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { refreshImage } from './image/refresh-image.ts';
import { errorMessage, UserError } from './terminal/errors.ts';

/**
 * `npm run image:refresh`: finds the newest base images and Debian packages of the encoder's image, and writes them into
 * containers/encoder. Needs Docker and access to Docker Hub. The next deployment builds the image if anything changed.
 */
const USAGE = 'Usage: npm run image:refresh\n';
const IMAGE_DIR = fileURLToPath(new URL('../containers/encoder', import.meta.url));
/** Pulling the base image and reading Debian's lists takes less than a minute. */
const CONTAINER_LIMIT_MS = 300_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

async function runInImage(image: string, script: string): Promise<string> {
  const args = ['run', '--rm', image, 'sh', '-c', script];
  const options = { timeout: CONTAINER_LIMIT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  try {
    return (await promisify(execFile)('docker', args, options)).stdout;
  } catch (error) {
    throw new UserError(`Docker could not ask apt in ${image}: ${errorMessage(error)}`, { cause: error });
  }
}

if (process.argv.length > 2) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  try {
    const changes = await refreshImage({ imageDir: IMAGE_DIR, run: runInImage });
    process.stdout.write(changes.length === 0 ? 'Nothing is newer.\n' : `${changes.join('\n')}\n`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\nNothing was changed.\n`);
    process.exitCode = 1;
  }
}
