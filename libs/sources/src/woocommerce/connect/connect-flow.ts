import { isJsonObject } from '../body-reader.js';
import type { ShopKeys } from '../rest/shop-request.js';

/** Below the address where shops reach ingest. */
const CONNECT_KEYS_PATH = '/v1/connect/woocommerce/keys';
const CONNECT_DONE_PATH = '/v1/connect/woocommerce/done';

/** How long a merchant may take from the link to «Approve». */
export const CONNECT_WITHIN_MINUTES = 30;

export interface ConnectStart {
  readonly storeUrl: string;
  /** Whose account gets the keys: the merchant reads it above «Approve». */
  readonly appName: string;
  /** Random, for one use. */
  readonly state: string;
  /** Where shops reach ingest. */
  readonly publicUrl: string;
}

/**
 * The page of the shop on which a merchant who is logged in there grants keys with one click.
 * @see https://woocommerce.github.io/woocommerce-rest-api-docs/#rest-api-keys (read 2026-11-21)
 */
export function authorizeUrl({ storeUrl, appName, state, publicUrl }: ConnectStart): string {
  const url = new URL(`${storeUrl}/wc-auth/v1/authorize`);
  url.search = new URLSearchParams({
    app_name: appName,
    scope: 'read_write',
    user_id: state,
    return_url: `${publicUrl}${CONNECT_DONE_PATH}`,
    callback_url: `${publicUrl}${CONNECT_KEYS_PATH}`,
  }).toString();
  return url.href;
}

/** What a shop posts when the merchant approved: unsigned, and without saying which shop it is. */
export interface KeyGrant {
  readonly state: string;
  readonly keys: ShopKeys;
}

const STATE = /^[A-Za-z0-9_-]{20,100}$/;
const KEY = /^[A-Za-z0-9_]{10,200}$/;

export const isConnectState = (text: unknown): text is string => typeof text === 'string' && STATE.test(text);

/** Null for anything else than a grant. */
export function readKeyGrant(body: Buffer): KeyGrant | null {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  if (!isJsonObject(value)) return null;
  const { user_id: state, consumer_key: consumerKey, consumer_secret: consumerSecret } = value;
  if (!isConnectState(state)) return null;
  if (typeof consumerKey !== 'string' || typeof consumerSecret !== 'string') return null;
  return KEY.test(consumerKey) && KEY.test(consumerSecret) ? { state, keys: { consumerKey, consumerSecret } } : null;
}
