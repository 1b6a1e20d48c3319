import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { UserError } from '#scripts/terminal/errors.ts';
import { LOOPBACK } from './http-server.ts';

/** From where the platform can be reached. */
export interface NetworkReach {
  /** The IPv4 addresses on which viewers and broadcasters are served. This machine can always use 127.0.0.1. */
  readonly listenHosts: readonly [string, ...string[]];
  /** The address of this machine in links. */
  readonly address: string;
  /** Further addresses at which it can be reached. */
  readonly otherAddresses: readonly string[];
  /** Whether other machines can connect. */
  readonly isOpen: boolean;
}

/** All IPv4 addresses of this machine. */
export const ANY_HOST = '0.0.0.0';

type Interfaces = Readonly<NodeJS.Dict<NetworkInterfaceInfo[]>>;

/** Nobody else should reach a laptop's control API and RTMP port, unless its owner says so. */
const LOOPBACK_ONLY: NetworkReach = {
  listenHosts: [LOOPBACK.host],
  address: LOOPBACK.host,
  otherAddresses: [],
  isOpen: false,
};

/** Resolves the value of `--host`. Rejects with a UserError that names the addresses that this machine has. */
export async function resolveReach(
  host: string | null,
  interfaces: Interfaces = networkInterfaces(),
  findRoute: () => Promise<string | null> = routeAddress,
): Promise<NetworkReach> {
  if (host === null || host === LOOPBACK.host) return LOOPBACK_ONLY;
  const addresses = lanAddresses(interfaces);
  if (host !== ANY_HOST) {
    if (!addresses.includes(host))
      throw new UserError(`--host ${host} is no address of this machine. ${known(addresses)}`);
    return { listenHosts: [LOOPBACK.host, host], address: host, otherAddresses: [], isOpen: true };
  }
  const route = await findRoute();
  const address = addresses.find((each) => each === route) ?? addresses[0];
  if (address === undefined) throw new UserError(`--host ${ANY_HOST} is not possible. ${known(addresses)}`);
  const otherAddresses = addresses.filter((each) => each !== address);
  return { listenHosts: [ANY_HOST], address, otherAddresses, isOpen: true };
}

/** Throws a UserError if a value of `--host` is no address. */
export function parseHost(value: string): string {
  if (isIPv4(value)) return value;
  throw new UserError(`--host ${value} is no IPv4 address. ${known(lanAddresses(networkInterfaces()))}`);
}

function lanAddresses(interfaces: Interfaces): string[] {
  const all = Object.values(interfaces).flatMap((addresses = []) => addresses);
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}

const known = (addresses: readonly string[]): string =>
  addresses.length === 0
    ? 'This machine has no address in a network now.'
    : `It has ${addresses.join(', ')}; ${ANY_HOST} means all of them.`;

/** The address by which this machine reaches others. Null if it is in no network. Nothing is sent. */
async function routeAddress(): Promise<string | null> {
  const socket = createSocket('udp4');
  try {
    // Of a block that is kept for documents (RFC 5737): nobody has this address.
    socket.connect(9, '198.51.100.1');
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    return null;
  } finally {
    socket.close();
  }
}
