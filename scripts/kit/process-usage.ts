import { readdir, readFile } from 'node:fs/promises';
import { isNativeError } from 'node:util/types';

/** A process as proc(5) tells of it. */
export interface ProcessUsage {
  readonly pid: number;
  readonly parentPid: number;
  /** Name of the executable, at most 15 characters. */
  readonly name: string;
  /** User and system time since it began. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** USER_HZ, which Linux fixes for user space on every architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Reads one process; null where there is none of that id (any more). */
export async function readProcess(pid: number): Promise<ProcessUsage | null> {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    const code = isNativeError(error) && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

/** The processes started by a process, their own included. */
export async function readDescendants(pid: number): Promise<readonly ProcessUsage[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const processes = (await Promise.all(pids.map(readProcess))).filter((usage) => usage !== null);
  const childrenOf = (parent: number): ProcessUsage[] =>
    processes.filter(({ parentPid }) => parentPid === parent).flatMap((child) => [child, ...childrenOf(child.pid)]);
  return childrenOf(pid);
}

/** Files, sockets and pipes that a process has open. */
export async function countOpenFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Parses /proc/PID/stat. The name is in parentheses and may hold spaces and parentheses itself. */
export function parseStat(stat: string): ProcessUsage {
  const match = /^(\d+) \((.*)\) (.*)$/s.exec(stat.trim());
  if (match === null) throw new Error(`not a line of /proc/PID/stat: ${stat}`);
  const [, pid, name = '', rest = ''] = match;
  const fields = rest.split(' ');
  // Field numbers of proc(5) count from 1 and `rest` begins with field 3.
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number(pid),
    parentPid: field(4),
    name,
    cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
    residentBytes: field(24) * PAGE_BYTES,
  };
}
