import type { ShopAnswer } from './shop-exchange.js';
import type { ShopAccess } from './shop-request.js';

const REST_LINK = /<([^>]+)>\s*;\s*rel="?https:\/\/api\.w\.org\/"?/;

/** How to ask a shop of which nothing is known yet: Basic over HTTPS, OAuth over HTTP, `wp-json` at its usual place. */
export const firstAccess = (storeUrl: string): ShopAccess => ({
  restRoot: `${storeUrl}/wp-json/`,
  authentication: storeUrl.startsWith('https:') ? 'basic' : 'oauth',
});

/**
 * The REST root that a front page's `Link` header names, with a slash at its end; null without one, on another host, or without pretty
 * permalinks (`?rest_route=`: WooCommerce takes no keys there).
 */
export function restRootOf(answer: ShopAnswer, storeUrl: string): string | null {
  const link = REST_LINK.exec(answer.headers['link'] ?? '')?.[1];
  if (link === undefined || !URL.canParse(link, `${storeUrl}/`)) return null;
  const url = new URL(link, `${storeUrl}/`);
  const shop = new URL(storeUrl);
  if (url.hostname !== shop.hostname || url.search !== '') return null;
  // Behind a proxy a shop may believe that it is asked over plain HTTP: host and path are its own, the scheme is ours.
  return `${shop.origin}${url.pathname.replace(/\/*$/, '/')}`;
}
