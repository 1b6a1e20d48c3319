import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { PORTS } from '#domain/ports.ts';
import { UserError } from '#scripts/terminal/errors.ts';

/** Ports of the platform on this machine, unless options name others. */
export const DEFAULT_PORTS = {
  /** Player, playlists, media and control API. */
  http: 8080,
  /** Where broadcasters publish. */
  rtmp: PORTS.rtmp,
} as const;

/** Parses a port number from `lowest` on. Throws a UserError that names the option. */
export function parsePort(option: string, value: string, lowest: 0 | 1): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) < lowest || Number(value) > 65_535) {
    throw new UserError(`${option} ${value} is not a port; ${lowest} to 65535 are allowed.`);
  }
  return Number(value);
}

/**
 * Resolves to the port to listen on: `port` itself, or a free one for 0. Checks it before anything is started and
 * rejects with a UserError that names the option.
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

/** Like `resolvePort`, for the same port of several addresses. */
export async function resolvePortOf(
  [host, ...others]: readonly [string, ...string[]],
  port: number,
  option: string,
): Promise<number> {
  const resolved = await resolvePort(host, port, option);
  for (const other of others) await resolvePort(other, resolved, option);
  return resolved;
}

/** Explains in one line why nothing can listen on a port, and names the option to change. */
export function toPortError(cause: unknown, port: number, option: string): UserError {
  const { code } = cause as NodeJS.ErrnoException;
  const reason = code === 'EADDRINUSE' ? 'is taken by another program' : `can't be used (${code})`;
  return new UserError(`Port ${port} ${reason}; choose another with ${option}.`, { cause });
}
