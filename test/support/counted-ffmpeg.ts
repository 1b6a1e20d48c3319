import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An FFmpeg that notes each of its starts. */
export interface CountedFfmpeg {
  /** For the environment of who shall use it. */
  readonly path: string;
  /** Argument lines, one for each start so far. */
  starts(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** Puts it before the FFmpeg that is installed, which it becomes. */
export async function installCountedFfmpeg(): Promise<CountedFfmpeg> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-ffmpeg-'));
  const startsPath = join(folder, 'starts');
  const installedPath = process.env.PATH ?? '';
  const script = `#!/bin/sh\necho "$*" >>'${startsPath}'\nPATH='${installedPath}' exec ffmpeg "$@"\n`;
  await writeFile(startsPath, '');
  await writeFile(join(folder, 'ffmpeg'), script, { mode: 0o755 });
  return {
    path: `${folder}:${installedPath}`,
    starts: async () => (await readFile(startsPath, 'utf8')).split('\n').filter(Boolean),
    remove: () => rm(folder, { recursive: true }),
  };
}
