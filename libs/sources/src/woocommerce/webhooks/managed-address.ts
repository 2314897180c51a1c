import { isIP } from 'node:net';
import { isPublicIp } from '@tributary/domain';

const PATH = '/v1/sources/woocommerce/';
const TOKEN = /^[A-Za-z0-9_-]{16,}$/;
/** WordPress sends to no other. @see https://developer.wordpress.org/reference/functions/wp_http_validate_url/ (read 2026-11-21) */
const OPEN_PORTS: ReadonlySet<string> = new Set(['', '80', '443', '8080']);

/** Where a shop sends to. `base`: where shops reach ingest, without a slash at the end. */
export const webhookAddress = (base: string, token: string): string => `${base}${PATH}${token}`;

/** The token of an address that an ingest has, wherever it is; null for any other. */
export function tokenAnywhere(address: string): string | null {
  const [, token = ''] = address.split(PATH);
  return TOKEN.test(token) ? token : null;
}

/** The token of an address of ours; null for anybody else's. */
export function tokenOfAddress(base: string, address: string): string | null {
  const start = `${base}${PATH}`;
  const token = address.startsWith(start) ? address.slice(start.length) : '';
  return TOKEN.test(token) ? token : null;
}

const isPrivateHost = (hostname: string): boolean => {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? /^localhost$|\.local(?:host)?$/.test(bare) : !isPublicIp(bare);
};

/** Why webhooks of a shop are not managed. */
export type Unmanaged =
  /** The connection’s settings say so. */
  | 'off'
  /** Nobody said where shops reach ingest. */
  | 'no-address'
  /** The address is of a private network and the shop is not. */
  | 'private-address'
  /** WordPress sends to 80, 443 and 8080 only. */
  | 'port'
  /** The keys may only read. */
  | 'read-only';

/** Whether a shop can be told to send to `base`; null: it can. */
export function whyUnreachable(
  base: string | null,
  storeUrl: string,
): Extract<Unmanaged, 'no-address' | 'private-address' | 'port'> | null {
  if (base === null) return 'no-address';
  const own = new URL(base);
  // A shop of the same private network or machine: a local start.
  if (isPrivateHost(own.hostname)) return isPrivateHost(new URL(storeUrl).hostname) ? null : 'private-address';
  return OPEN_PORTS.has(own.port) ? null : 'port';
}
