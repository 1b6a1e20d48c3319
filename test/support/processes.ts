import { readdir, readFile, readlink } from 'node:fs/promises';
import { childPids } from '#test/support/platform.ts';

const LISTEN_STATE = '0A';

/** A process and all that it has started, directly or not. */
export async function processTree(pid: number): Promise<number[]> {
  const children = await childPids(pid);
  return [pid, ...(await Promise.all(children.map(processTree))).flat()];
}

/** The TCP ports on which processes listen (proc(5)). */
export async function listeningPortsOf(pids: readonly number[]): Promise<number[]> {
  const sockets = new Set((await Promise.all(pids.map(socketInodes))).flat());
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === LISTEN_STATE && inode !== undefined && sockets.has(inode))
    .map(([, address]) => Number.parseInt(address?.split(':')[1] ?? '', 16));
}

async function socketInodes(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  // A file may be closed meanwhile.
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}
