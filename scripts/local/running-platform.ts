import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** The addresses of the platform that runs on a data folder. */
const runningPlatformSchema = z.object({
  apiUrl: z.url(),
  rtmpUrl: z.url(),
  playbackBaseUrl: z.url(),
  /** The encoders' own HTTP addresses, which only the edge uses. A restarted encoder keeps its address. */
  originUrls: z.array(z.url()),
});

export type RunningPlatform = z.infer<typeof runningPlatformSchema>;

const runningPath = (dataDir: string): string => join(dataDir, 'running.json');

/**
 * Reads which platform runs on a data folder. Null if none. May name one that was killed. Rejects if the file is
 * damaged.
 */
export async function readRunningPlatform(dataDir: string): Promise<RunningPlatform | null> {
  try {
    return runningPlatformSchema.parse(JSON.parse(await readFile(runningPath(dataDir), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${runningPath(dataDir)} can't be read; the next start replaces it`, { cause: error });
  }
}

/** Records where the platform is, for other programs on this machine. */
export async function writeRunningPlatform(dataDir: string, platform: RunningPlatform): Promise<void> {
  const path = runningPath(dataDir);
  await writeFile(`${path}.new`, `${JSON.stringify(platform)}\n`);
  await rename(`${path}.new`, path);
}

/** Removes the record when the platform ends. */
export const removeRunningPlatform = (dataDir: string): Promise<void> => rm(runningPath(dataDir), { force: true });
