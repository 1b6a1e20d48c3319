import { readFile, rm } from 'node:fs/promises';
import { BYTES_PER_MEGABYTE, countOpenFiles, readDescendants, readProcess } from '#kit/process-usage.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { RunningHeadend } from '#scripts/bench/systems/headend.ts';
import type { Observation } from './fault.ts';
import { signalSpy } from './spied-platform.ts';

/** What an encoder holds. */
export interface EncoderResources {
  readonly residentMegabytes: number;
  readonly openFiles: number;
  readonly childProcesses: number;
  readonly timers: number;
}

/** Reads it, by way of the spy's file. */
export async function readResources(platform: RunningHeadend, spyFile: string): Promise<EncoderResources> {
  await rm(spyFile, { force: true });
  signalSpy(platform);
  const names = await waitFor('the answer of the spy', () => readNames(spyFile));
  const { encoderPid } = platform;
  return {
    residentMegabytes: Math.round(((await readProcess(encoderPid))?.residentBytes ?? 0) / BYTES_PER_MEGABYTE),
    openFiles: await countOpenFiles(encoderPid),
    childProcesses: (await readDescendants(encoderPid)).length,
    timers: names.filter((name) => name === 'Timeout').length,
  };
}

/** Null as long as it is not whole. */
async function readNames(spyFile: string): Promise<readonly string[] | null> {
  try {
    return JSON.parse(await readFile(spyFile, 'utf8')) as readonly string[];
  } catch {
    return null;
  }
}

/** Garbage that is not collected yet. */
const MAX_GROWTH = { factor: 1.3, megabytes: 32 } as const;
/** Connections that are kept, or are about to close. */
const MAX_MORE_FILES = 8;
const MAX_MORE_TIMERS = 8;

/** Whether nothing but noise has become more. */
export function compareResources(before: EncoderResources, after: EncoderResources): readonly Observation[] {
  const mostMegabytes = before.residentMegabytes * MAX_GROWTH.factor + MAX_GROWTH.megabytes;
  return [
    {
      ok: after.residentMegabytes <= mostMegabytes,
      seen: `memory from ${before.residentMegabytes} to ${after.residentMegabytes} MB`,
    },
    {
      ok: after.openFiles <= before.openFiles + MAX_MORE_FILES,
      seen: `files from ${before.openFiles} to ${after.openFiles}`,
    },
    {
      ok: after.childProcesses === before.childProcesses,
      seen: `processes from ${before.childProcesses} to ${after.childProcesses}`,
    },
    { ok: after.timers <= before.timers + MAX_MORE_TIMERS, seen: `timers from ${before.timers} to ${after.timers}` },
  ];
}
