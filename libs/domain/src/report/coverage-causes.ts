/** Why an event lacks a match key, as far as can be told without opening anything; what to do about it. One closed list. */
export const COVERAGE_CAUSES = {
  'no-snippet': {
    what: 'the orders carry nothing of the shop’s snippet',
    todo: 'See that the PHP file is still installed and runs at the checkout (docs/install-the-script.md); «tributary check» tells when it was last seen.',
  },
  'no-visitor': {
    what: 'the snippet runs, but no visitor reached the checkout with a cookie',
    todo: 'See that the page script runs on every page and that caches and consent tools let its cookie through.',
  },
  'no-click': {
    what: 'the visitors came without a click id',
    todo: 'Nothing, if fewer came from ads. Else see that the ads’ links lead to the shop without a redirect that drops their parameters.',
  },
  'no-pixel': {
    what: 'the pixel’s own cookie is not there',
    todo: 'See that the page script loads the pixel once consent allows it, and that nothing blocks it.',
  },
  'click-lost': {
    what: 'the click id was there at landing and is missing in the order',
    todo: 'See that the checkout lies on the landing page’s domain and that the snippet runs there; until then the visit’s click id is sent.',
  },
  'gateway-address': {
    what: 'the address is no buyer’s: a gateway’s, a proxy’s or an internal one',
    todo: 'Have the shop’s proxy hand the buyer’s address on, and WooCommerce (or INGEST_TRUSTED_PROXIES) trust it.',
  },
  'no-browser': {
    what: 'no browser took part in making the order',
    todo: 'Nothing: orders made by an app, by hand or by the shop itself have none.',
  },
  'not-given': {
    what: 'the buyers do not give it',
    todo: 'Ask for it at the checkout, if that is worth a field.',
  },
  'not-identified': {
    what: 'identity does not know who the visitors are',
    todo: 'Nothing, if they are new. Else let the shop call identify when somebody signs in (docs/collector.md).',
  },
} as const;

export type CoverageCause = keyof typeof COVERAGE_CAUSES;
