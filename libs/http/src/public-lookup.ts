import { lookup as lookUpAll, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { isPublicIp } from '@tributary/domain';

/** Addresses of 2000::/3 that lead to an IPv4 address, which may be any: 6to4 and Teredo. */
const TUNNELS = new BlockList();
TUNNELS.addSubnet('2002::', 16, 'ipv6');
TUNNELS.addSubnet('2001::', 32, 'ipv6');

/** Not loopback, private, link-local, carrier-grade NAT, unique-local, mapped or tunnelled to one of them. */
const isPublicAddress = (address: string): boolean => isPublicIp(address) && !(isIP(address) === 6 && TUNNELS.check(address, 'ipv6'));

/** A host has no address on the public Internet. */
export const PRIVATE_ADDRESS = 'ERR_PRIVATE_ADDRESS';

const refusal = (hostname: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${hostname} has no public address`), { code: PRIVATE_ADDRESS });

/**
 * `lookup` of a socket that only ever hands out public addresses: the one that was checked is the one that is connected to, so a name
 * cannot change its mind in between.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookUpAll(hostname, { family: options.family ?? 0, all: true, order: 'verbatim' }, (error, found: LookupAddress[]) => {
    const [first, ...rest] = error === null ? found.filter(({ address }) => isPublicAddress(address)) : [];
    if (first === undefined) callback(error ?? refusal(hostname), []);
    else if (options.all === true) callback(null, [first, ...rest]);
    else callback(null, first.address, first.family);
  });
};

/** A host written as an address is never looked up. */
export const isPrivateLiteral = (hostname: string): boolean => {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && !isPublicAddress(address);
};
