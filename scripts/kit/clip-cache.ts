import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Makes a clip with FFmpeg. `args` are all but the output. Resolves to its path below the system's temporary folder, where later calls
 * with the same arguments reuse it.
 */
export async function cachedClip(args: readonly string[], extension: 'flv' | 'mkv'): Promise<string> {
  const folder = join(tmpdir(), 'headend-clips');
  const digest = createHash('sha256').update(JSON.stringify(args)).digest('hex').slice(0, 16);
  const path = join(folder, `${digest}.${extension}`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const unfinished = join(folder, `${randomUUID()}.unfinished.${extension}`);
  try {
    await promisify(execFile)('ffmpeg', [...args, unfinished]);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}
