import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

const LISTEN_STATE = '0A';
const ESTABLISHED_STATE = '01';

/** Finds a TCP port of 127.0.0.1 on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}

/** Whether something listens on a port. Asks the kernel (proc(5)): FFmpeg's server accepts only one connection. */
export async function isListening(port: number): Promise<boolean> {
  return (await countSockets(port, LISTEN_STATE)) > 0;
}

/** How many connections to a port are open now. */
export const countConnections = (port: number): Promise<number> => countSockets(port, ESTABLISHED_STATE);

async function countSockets(port: number, wantedState: string): Promise<number> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const table = await readFile('/proc/net/tcp', 'utf8');
  return table.split('\n').filter((line) => {
    const [, localAddress, , state] = line.trim().split(/\s+/);
    return state === wantedState && localAddress?.endsWith(suffix) === true;
  }).length;
}
