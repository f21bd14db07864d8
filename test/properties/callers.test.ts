import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { callerNetwork } from '../../src/policies/caller-address.ts';
import { text } from './arbitraries.ts';
import { property, same } from './property.ts';

const groups = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 });
const hex = (given: readonly number[]): string => given.map((group) => group.toString(16)).join(':');

property(
  'a caller cannot leave his network by changing what follows it',
  [groups, groups, fc.integer({ min: 32, max: 64 })],
  (one, other, prefix) => {
    // 2001:db8::/32 and not the clothes of an IPv4 address.
    const address = [0x2001, ...one.slice(1)];
    const moved = address.map((group, i) => {
      const mask = 0xffff & ~(0xffff >> Math.min(16, Math.max(0, prefix - 16 * i)));
      return (group & mask) | ((other[i] as number) & ~mask & 0xffff);
    });
    const network = callerNetwork(hex(address), prefix);
    same(callerNetwork(hex(moved), prefix), network);
    const flipped = [...address];
    const bit = (other[0] as number) % prefix;
    flipped[bit >> 4] = (flipped[bit >> 4] as number) ^ (0x8000 >> (bit & 15));
    expect(callerNetwork(hex(flipped), prefix)).not.toBe(network);
  },
);

property(
  'an IPv4 address is the same caller in whatever clothes it comes',
  [fc.ipV4(), fc.integer({ min: 32, max: 64 })],
  (address, prefix) => {
    const bytes = address.split('.').map(Number);
    const mapped = `${(((bytes[0] as number) << 8) | (bytes[1] as number)).toString(16)}:${(((bytes[2] as number) << 8) | (bytes[3] as number)).toString(16)}`;
    for (const form of [
      address,
      `::ffff:${address}`,
      `::FFFF:${mapped}`,
      `0:0:0:0:0:ffff:${address}`,
      `[::ffff:${address}]`,
    ]) {
      same([form, callerNetwork(form, prefix)], [form, address]);
    }
  },
);

property(
  'what is no address stays what it is, and nothing throws',
  [fc.oneof(text, fc.ipV6()), fc.integer({ min: 32, max: 64 })],
  (given, prefix) => {
    const network = callerNetwork(given, prefix);
    const bare = given.replace(/^\[|\]$/g, '').replace(/%[\s\S]*$/, '');
    if (!isIPv4(bare) && !isIPv6(bare)) same(network, given);
  },
);
