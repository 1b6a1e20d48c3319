import { isIPv4, isIPv6 } from 'node:net';

/** How IPv6 sockets report IPv4 peers (RFC 4291, 2.5.5.2). */
const MAPPED_PATTERN = /^::ffff:([\d.]+)$/i;

/**
 * The unit by which limits count: an IPv4 address, or the first 64 bits of an IPv6 address, because whoever has one address of
 * such a network usually has all of it (RFC 4291, 2.5.4). Any other text is its own network.
 */
export function toSourceNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = MAPPED_PATTERN.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  const [plain = ''] = address.split('%', 1);
  const [head = [], tail = []] = plain.split('::', 2).map(toGroups);
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}

/** Splits at colons. Groups have no leading zeros and no upper case (RFC 5952). An IPv4 address at the end stands for two groups. */
function toGroups(part: string): string[] {
  return part
    .split(':')
    .flatMap((group) =>
      group === '' ? [] : group.includes('.') ? [group, group] : [Number.parseInt(group, 16).toString(16)],
    );
}
