import { node } from '../node.ts';

/**
 * The part of an address that one caller cannot change at will: an IPv4 address, or the network of an IPv6 one.
 * An IPv4 address in IPv6 clothes (`::ffff:1.2.3.4`) is that IPv4 address: as a network it would be one for all of IPv4.
 * @param prefix bits of an IPv6 network
 */
export function callerNetwork(address: string, prefix: number): string {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%[\s\S]*/, '');
  if (node.net.isIPv4(bare)) return bare;
  if (!node.net.isIPv6(bare)) return address;
  const groups = groupsOf(bare);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6);
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const masked = groups.map((group, i) => group & mask(prefix - 16 * i));
  return `${masked.map((group) => group.toString(16)).join(':')}/${prefix}`;
}

/** URL() writes any spelling of an IPv6 address in one canonical form. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head, tail] = canonical.split('::') as [string, string?];
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].map((group) => Number.parseInt(group, 16));
}

function mask(bits: number): number {
  return 0xffff & ~(0xffff >> Math.min(16, Math.max(0, bits)));
}
