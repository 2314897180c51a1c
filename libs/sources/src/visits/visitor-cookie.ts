import { getDomain } from 'tldts';

/** The visitor id, shared by script, collector and the shop's checkout. */
export const VISITOR_COOKIE = '_ttoaid';
/** 13 months of 365.25 / 12 days. */
const MAX_AGE_SECONDS = 34_187_400;
/** Nobody's browser sends more; looking through more would only serve who wants to keep us busy. */
const MAX_HEADER_CHARS = 16_384;

/** A cookie's value, percent-decoded where that works; empty text without one. The first of several counts, as in browsers. */
export function cookieOf(header: string | undefined, name: string): string {
  if (header === undefined || header.length > MAX_HEADER_CHARS) return '';
  const prefix = `${name}=`;
  for (let from = 0; from < header.length;) {
    const end = header.indexOf(';', from);
    const until = end === -1 ? header.length : end;
    let start = from;
    while (header.charCodeAt(start) === 32) start += 1;
    if (header.startsWith(prefix, start)) return decoded(header.slice(start + prefix.length, until).trim());
    from = until + 1;
  }
  return '';
}

function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** The registrable domain of a page's origin (Public Suffix List with its private part); null for an address or a host without one. */
export const siteOf = (origin: string): string | null => getDomain(origin, { allowPrivateDomains: true });

/** What a request says of the site that it was made from. */
export interface SiteSigns {
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly secFetchSite: string | undefined;
}

/**
 * Whether the browser will keep a cookie of ours for the page's site: it says so itself (`Sec-Fetch-Site`), or, where it is too
 * old to say anything, our own host name belongs to the page's site.
 */
export function isOfSameSite({ origin, host, secFetchSite }: SiteSigns, site: string | null): boolean {
  if (origin === undefined) return false;
  if (secFetchSite !== undefined) return secFetchSite === 'same-origin' || secFetchSite === 'same-site';
  return host !== undefined && site !== null && siteOf(`https://${host}`) === site;
}

const attributes = (site: string | null, maxAgeSeconds: number): string =>
  `${site === null ? '' : `Domain=${site}; `}Path=/; Max-Age=${maxAgeSeconds}; Secure; SameSite=Lax`;

/** `Set-Cookie` of a visitor id; without a registrable domain the cookie is the host's own. The shop's script and PHP read it, so it is not HttpOnly. */
export const visitorCookie = (visitorId: string, site: string | null): string =>
  `${VISITOR_COOKIE}=${visitorId}; ${attributes(site, MAX_AGE_SECONDS)}`;

/** `Set-Cookie` that takes the visitor id back. */
export const withdrawnVisitorCookie = (site: string | null): string => `${VISITOR_COOKIE}=; ${attributes(site, 0)}`;
