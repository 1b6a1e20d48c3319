import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Where the platform that uses a data folder can be reached while it runs. */
const runningPlatformSchema = z.object({ apiUrl: z.url() });

export type RunningPlatform = z.infer<typeof runningPlatformSchema>;

const runningPath = (dataDir: string): string => join(dataDir, 'running.json');

/** The platform that runs on a data folder, or null. One that was killed may still be there. Rejects on a damaged file. */
export async function readRunningPlatform(dataDir: string): Promise<RunningPlatform | null> {
  try {
    return runningPlatformSchema.parse(JSON.parse(await readFile(runningPath(dataDir), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${runningPath(dataDir)} can't be read; the next start writes it anew`, { cause: error });
  }
}

/** Tells other programs of this machine where the platform is. */
export async function writeRunningPlatform(dataDir: string, platform: RunningPlatform): Promise<void> {
  const path = runningPath(dataDir);
  await writeFile(`${path}.new`, `${JSON.stringify(platform)}\n`);
  await rename(`${path}.new`, path);
}

/** The platform has ended. */
export const removeRunningPlatform = (dataDir: string): Promise<void> => rm(runningPath(dataDir), { force: true });
