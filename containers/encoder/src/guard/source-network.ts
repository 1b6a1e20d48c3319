import { isIPv6 } from 'node:net';

/**
 * The unit by which limits count: an IPv4 address, or the first 64 bits of an IPv6 address, because whoever has one address of
 * such a network usually has all of it (RFC 4291, 2.5.4). Takes addresses as Node.js writes them.
 */
export function toSourceNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const [plain = ''] = address.split('%', 1);
  const [head = [], tail = []] = plain.split('::', 2).map(toGroups);
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}

/** Splits at colons. An IPv4 address at the end stands for two groups. */
function toGroups(part: string): string[] {
  return part.split(':').flatMap((group) => (group === '' ? [] : group.includes('.') ? [group, group] : [group]));
}
