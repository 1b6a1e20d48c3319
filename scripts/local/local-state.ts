import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Secrets of the platform on this machine, so that a restart prints the same key. In the cloud nobody keeps them. */
const localStateSchema = z.object({
  adminToken: z.string(),
  /** Keys of viewer tokens, as JSON; a folder from before there were any has none. */
  viewerTokenKeys: z.string().optional(),
  streams: z.record(z.string(), z.object({ id: z.string(), playbackId: z.string(), streamKey: z.string() })),
});

export type LocalState = z.infer<typeof localStateSchema>;
export type LocalStreamState = LocalState['streams'][string];

const statePath = (dataDir: string): string => join(dataDir, 'local.json');

/** The state that an earlier start left, or null. Throws where the file is there but can't be read. */
export async function readLocalState(dataDir: string): Promise<LocalState | null> {
  try {
    return localStateSchema.parse(JSON.parse(await readFile(statePath(dataDir), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(`${statePath(dataDir)} can't be read; remove it to start afresh`, { cause: error });
  }
}

/** Writes the state, readable by its owner alone. */
export async function writeLocalState(dataDir: string, state: LocalState): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const path = statePath(dataDir);
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}
