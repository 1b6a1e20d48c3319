import { BlockList, isIPv4, isIPv6 } from 'node:net';

const BLOCK_PATTERN = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/;

type Family = 'ipv4' | 'ipv6';

interface Block {
  readonly address: string;
  readonly family: Family;
  readonly prefixBits: number;
}

/** IPv4-mapped addresses, which is how IPv6 sockets report IPv4 peers (RFC 4291 section 2.5.5.2). */
const MAPPED_ADDRESSES = new BlockList();
MAPPED_ADDRESSES.addSubnet('::ffff:0:0', 96, 'ipv6');

const isMapped = (address: string): boolean => isIPv6(address) && MAPPED_ADDRESSES.check(address, 'ipv6');

/**
 * Whether a text is an IPv4 or IPv6 address or a CIDR block (RFC 4632, RFC 4291 section 2.3). IPv4-mapped IPv6
 * addresses are not accepted; they must be written as IPv4.
 */
export const isSourceBlock = (text: string): boolean => toBlock(text) !== null;

/**
 * Whether an address is in one of the blocks. An empty list allows every address. An IPv4 address may be IPv4-mapped,
 * and an IPv6 address may have a zone. A text that is not an address is not allowed, and a text that is not a block
 * allows nothing.
 */
export function isSourceAllowed(sourceAddress: string, blocks: readonly string[]): boolean {
  if (blocks.length === 0) return true;
  const [address = ''] = sourceAddress.split('%', 1);
  if (!isIPv4(address) && !isIPv6(address)) return false;
  // In a BlockList, ::/0 also matches IPv4. Here, a block only matches addresses of its own family.
  const family: Family = isIPv4(address) || isMapped(address) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  for (const block of blocks.map(toBlock)) {
    if (block?.family === family) list.addSubnet(block.address, block.prefixBits, family);
  }
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

function toBlock(text: string): Block | null {
  const [, address = '', prefix] = BLOCK_PATTERN.exec(text) ?? [];
  const addressBits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  const prefixBits = prefix === undefined ? addressBits : Number(prefix);
  if (addressBits === 0 || prefixBits > addressBits || isMapped(address)) return null;
  return { address, family: addressBits === 32 ? 'ipv4' : 'ipv6', prefixBits };
}
