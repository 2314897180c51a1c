import { BlockList, isIP, isIPv4 } from 'node:net';
import { publicIpOf } from '@tributary/domain';

const NETWORK = /^([^/]+)(?:\/(\d{1,3}))?$/;
/** Proxies in a row that are looked through. */
const MAX_HOPS = 10;
const MAPPED = '::ffff:';

/** Whether the text is an address, or a network in CIDR form. */
export function isNetwork(text: string): boolean {
  const [, address = '', bits] = NETWORK.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}

/** Addresses and networks whose word about a client's address is believed. Texts that are none are passed over. */
export function trustedNetworks(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts.filter(isNetwork)) {
    const [, address = '', bits] = NETWORK.exec(text) ?? [];
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    list.addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family);
  }
  return list;
}

const isIn = (lists: readonly BlockList[], address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && lists.some((list) => list.check(address, family === 4 ? 'ipv4' : 'ipv6'));
};

const plain = (address: string): string => (address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address);

/**
 * The client's public address, else empty text. `X-Forwarded-For` is read from the right, as far as trusted proxies wrote it:
 * whatever stands further left anybody can have made up.
 */
export function clientIpOf(peer: string, forwardedFor: string | undefined, trusted: readonly BlockList[]): string {
  let client = plain(peer);
  if (forwardedFor !== undefined && isIn(trusted, client)) {
    const hops = forwardedFor.split(',').slice(-MAX_HOPS);
    for (const hop of hops.toReversed()) {
      client = plain(hop.trim());
      if (!isIn(trusted, client)) break;
    }
  }
  return publicIpOf(client) ?? '';
}
