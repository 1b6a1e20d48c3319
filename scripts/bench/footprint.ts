import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BYTES_PER_MEGABYTE, countOpenFiles, readDescendants, readProcess } from '#kit/process-usage.ts';

/** The resources of an encoder process and its data folder. */
export interface Footprint {
  readonly residentMegabytes: number;
  /** Including sockets and pipes. */
  readonly openFiles: number;
  readonly ffmpegs: number;
  readonly logBytes: number;
  /** Everything in the data folder except the log. */
  readonly diskBytes: number;
}

/** By then, ended connections are closed on both sides. */
const SETTLE_MS = 2_000;
const LOG = 'headend.log';

/** Measures the footprint after a short wait. */
export async function readFootprint(encoderPid: number, dataFolder: string, signal: AbortSignal): Promise<Footprint> {
  await sleep(SETTLE_MS, undefined, { signal });
  const usage = await readProcess(encoderPid);
  if (usage === null) throw new Error(`the encoder process ${encoderPid} is gone`);
  const names = await readdir(dataFolder, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => ({ name, ...(await stat(join(dataFolder, name))) })));
  const bytesOf = (isCounted: (name: string) => boolean): number =>
    sizes.reduce((sum, { name, size }) => sum + (isCounted(name) ? size : 0), 0);
  return {
    residentMegabytes: usage.residentBytes / BYTES_PER_MEGABYTE,
    openFiles: await countOpenFiles(encoderPid),
    ffmpegs: (await readDescendants(encoderPid)).filter(({ name }) => name === 'ffmpeg').length,
    logBytes: bytesOf((name) => name === LOG),
    diskBytes: bytesOf((name) => name !== LOG),
  };
}
