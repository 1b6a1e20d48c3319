import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { toPortError } from './port-error.ts';

/**
 * The port to listen on: `port` itself, or a free one for 0. Throws a UserError naming `option` where it is taken or not
 * allowed, before anything has been started.
 */
export async function resolvePort(host: string, port: number, option: string): Promise<number> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw toPortError(cause, port, option);
  }
  const { port: resolved } = server.address() as AddressInfo;
  const closed = once(server, 'close');
  server.close();
  await closed;
  return resolved;
}
