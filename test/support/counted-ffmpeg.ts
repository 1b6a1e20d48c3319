import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An FFmpeg that records its starts. */
export interface CountedFfmpeg {
  /** The PATH on which it is found before the installed FFmpeg. */
  readonly path: string;
  /** The arguments of each start so far. */
  starts(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** Makes a script that records its arguments and then becomes the installed FFmpeg. */
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
