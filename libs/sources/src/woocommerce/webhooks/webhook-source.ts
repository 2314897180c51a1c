/** A host without what does not tell one shop from another: case, a `www.` in front, a dot at the end, the port. */
function hostOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, hostname } = new URL(address);
  if (!/^https?:$/.test(protocol)) return null;
  return hostname
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^www\./, '');
}

/**
 * Whether a delivery's `X-WC-Webhook-Source` names another shop than the connected one: a copy of its database (a staging site) has the
 * same webhooks with the same secrets, and orders that nobody placed. Hosts are compared, because behind a proxy a shop may believe in
 * another scheme or port than ours, and language plugins put a folder behind its address. A header that is missing or cannot be read
 * says nothing.
 */
export function foreignSource(source: string | undefined, storeUrl: string): string | null {
  const host = hostOf(source ?? '');
  return host === null || host === hostOf(storeUrl) ? null : host;
}
