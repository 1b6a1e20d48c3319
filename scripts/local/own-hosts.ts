import { isIPv4, type Socket } from 'node:net';
import { LOOPBACK_NAMES } from '#domain/ports.ts';

/** A set of a server's own hosts: `name:port`, or only the name for port 80. */
export type OwnHosts = ReadonlySet<string>;

/**
 * The hosts of a server that browsers use. A page of a foreign site can let its own name resolve to this machine ("DNS
 * rebinding"), and is then of the same origin as this server in all but the name.
 *
 * `publicUrl` is the server's address from its users' point of view. Its port may differ from the one it listens on.
 */
export function ownHosts(port: number, publicUrl: string): OwnHosts {
  const { host, port: publicPort } = new URL(publicUrl);
  const ports = [port, ...(publicPort === '' ? [] : [Number(publicPort)])];
  const loopback = LOOPBACK_NAMES.flatMap((name) => ports.map((each) => new URL(`http://${name}:${each}`).host));
  return new Set([...loopback, host]);
}

/** Whether a `Host` header is one of the hosts. */
export const isOwnHost = (hosts: OwnHosts, header: string | undefined): boolean =>
  header !== undefined && hosts.has(header.toLowerCase());

/**
 * Whether a `Host` header is the IPv4 address and port to which its connection leads. No name server is asked for an address,
 * so no page of another site can have it.
 */
export const isOwnAddress = (
  { localAddress, localPort }: Pick<Socket, 'localAddress' | 'localPort'>,
  header: string | undefined,
): boolean =>
  localAddress !== undefined && isIPv4(localAddress) && header === new URL(`http://${localAddress}:${localPort}`).host;

/** Whether a `Host` header has one of the names, in lower case, with any port. */
export const hasOwnName = (names: readonly string[], header: string | undefined): boolean =>
  header !== undefined && names.includes(header.toLowerCase().replace(/:\d+$/, ''));
