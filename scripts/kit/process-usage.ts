import { readdir, readFile } from 'node:fs/promises';
import { isNativeError } from 'node:util/types';

/** Resource usage of a process, from proc(5). */
export interface ProcessUsage {
  readonly pid: number;
  readonly parentPid: number;
  /** Name of the executable, at most 15 characters. */
  readonly name: string;
  /** User and system time since it started. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** USER_HZ, which is the same on every Linux architecture that Node.js supports. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export const BYTES_PER_MEGABYTE = 1_000_000;

/** Reads the usage of one process. Null if it does not exist (any more). */
export async function readProcess(pid: number): Promise<ProcessUsage | null> {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    const code = isNativeError(error) && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

/** All descendants of a process. */
export async function readDescendants(pid: number): Promise<readonly ProcessUsage[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const processes = (await Promise.all(pids.map(readProcess))).filter((usage) => usage !== null);
  const childrenOf = (parent: number): ProcessUsage[] =>
    processes.filter(({ parentPid }) => parentPid === parent).flatMap((child) => [child, ...childrenOf(child.pid)]);
  return childrenOf(pid);
}

/** Number of files, sockets and pipes that a process has open. */
export async function countOpenFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Parses /proc/PID/stat. The name stands in parentheses and may itself contain spaces and parentheses. */
export function parseStat(stat: string): ProcessUsage {
  const match = /^(\d+) \((.*)\) (.*)$/s.exec(stat.trim());
  if (match === null) throw new Error(`not a line of /proc/PID/stat: ${stat}`);
  const [, pid, name = '', rest = ''] = match;
  const fields = rest.split(' ');
  // proc(5) numbers the fields from 1. `rest` begins with field 3.
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number(pid),
    parentPid: field(4),
    name,
    cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
    residentBytes: field(24) * PAGE_BYTES,
  };
}
