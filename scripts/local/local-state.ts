import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Secrets of the platform on this machine, so that a restart prints the same key. A deployment does not store them. */
const localStateSchema = z.object({
  adminToken: z.string(),
  /** Keys of viewer tokens, as JSON. */
  viewerTokenKeys: z.string(),
  streams: z.record(z.string(), z.object({ id: z.string(), playbackId: z.string(), streamKey: z.string() })),
});

export type LocalState = z.infer<typeof localStateSchema>;
export type LocalStreamState = LocalState['streams'][string];

const statePath = (dataDir: string): string => join(dataDir, 'local.json');

/** Reads the state that an earlier start wrote. Null if there is none. Throws if the file exists but can't be read. */
export async function readLocalState(dataDir: string): Promise<LocalState | null> {
  try {
    return localStateSchema.parse(JSON.parse(await readFile(statePath(dataDir), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${statePath(dataDir)} can't be read; remove it to start afresh`, { cause: error });
  }
}

/** Writes the state to a file that only its owner can read. */
export async function writeLocalState(dataDir: string, state: LocalState): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = statePath(dataDir);
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}
