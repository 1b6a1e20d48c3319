import { readdir, readFile, readlink } from 'node:fs/promises';
import { childPids } from '#test/support/platform.ts';

const LISTEN_STATE = '0A';

/** A process and all that it has started, directly or not. */
export async function processTree(pid: number): Promise<number[]> {
  const children = await childPids(pid);
  return [pid, ...(await Promise.all(children.map(processTree))).flat()];
}

/** The TCP ports on which processes listen. */
export const listeningPortsOf = async (pids: readonly number[]): Promise<number[]> =>
  (await listeningAddressesOf(pids)).map(({ port }) => port);

/** The TCP addresses on which processes listen (proc(5)). Those of IPv6 are in hexadecimal digits. */
export async function listeningAddressesOf(pids: readonly number[]) {
  const sockets = new Set((await Promise.all(pids.map(socketInodes))).flat());
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === LISTEN_STATE && inode !== undefined && sockets.has(inode))
    .map(([, local = '']) => {
      const [address = '', port = ''] = local.split(':');
      // The kernel writes the bytes of IPv4 in the order of the machine: the last comes first.
      const bytes = address.length === 8 ? (address.match(/../g) ?? []).reverse() : [];
      const plain = bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
      return { address: plain || address, port: Number.parseInt(port, 16) };
    });
}

async function socketInodes(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  // A file may be closed meanwhile.
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}
