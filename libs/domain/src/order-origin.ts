/** Ways of making an order in which a browser runs through the shop's checkout, as the shop calls them (`created_via`). */
const CHECKOUTS: ReadonlySet<string> = new Set(['checkout', 'store-api']);

/** Whether the buyer's browser made the order; a renewal repeats the traces of another. */
export const isMadeByBrowser = ({ createdVia, renewalOf }: { readonly createdVia: string; readonly renewalOf: string | null }): boolean =>
  CHECKOUTS.has(createdVia) && renewalOf === null;
