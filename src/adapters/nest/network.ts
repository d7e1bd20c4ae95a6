/** The network that an address is of, for limits: whoever holds one address of it holds them all. */
const IPV6_NETWORK_GROUPS = 4;

/** An IPv4 address as it is; of IPv6 the first half, because one household has all of the rest. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [front = '', back] = address.split('::');
  const before = front.split(':').filter((group) => group !== '');
  const after = back === undefined ? [] : back.split(':').filter((group) => group !== '');
  const zeros = back === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, IPV6_NETWORK_GROUPS).join(':');
}
