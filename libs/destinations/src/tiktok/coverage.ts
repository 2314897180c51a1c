import { isMadeByBrowser, type CoverageCause, type CoverageRules, type KeySeen } from '@tributary/domain';

type Cause = readonly [key: string, missingFor: CoverageCause];

/** TikTok's match keys that tell people apart, and why orders and visits lack them. Names and places come with the address. */
export const tiktokCoverage: CoverageRules = {
  ofOrder(order, { matchKeys, clickFrom }) {
    const hasBrowser = isMadeByBrowser(order);
    const hasSnippet = order.consent !== null || order.hasVisitor;
    const ofSnippet = (present: CoverageCause): CoverageCause =>
      !hasBrowser ? 'no-browser' : !hasSnippet ? 'no-snippet' : order.hasVisitor ? present : 'no-visitor';
    const always: readonly Cause[] = [
      ['email', 'not-given'],
      ['phone', 'not-given'],
      ['external_id', ofSnippet('no-visitor')],
    ];
    const ofBrowser: readonly Cause[] = [
      ['ttclid', ofSnippet('no-click')],
      ['ttp', ofSnippet('no-pixel')],
      ['ip', hasBrowser ? 'gateway-address' : 'no-browser'],
      ['user_agent', 'no-browser'],
    ];
    const hasClick = hasBrowser && hasSnippet && matchKeys.includes('ttclid');
    const atCheckout: readonly KeySeen[] = hasClick
      ? [{ key: 'ttclid_at_checkout', missingFor: clickFrom === 'order' ? null : 'click-lost' }]
      : [];
    // Of a renewal nobody expects a browser's traces.
    return [...seenIn(matchKeys, order.renewalOf === null ? [...always, ...ofBrowser] : always), ...atCheckout];
  },
  ofVisit: (matchKeys) =>
    seenIn(matchKeys, [
      ['email', 'not-identified'],
      ['phone', 'not-identified'],
      ['external_id', 'no-visitor'],
      ['ttclid', 'no-click'],
      ['ttp', 'no-pixel'],
      ['ip', 'gateway-address'],
      ['user_agent', 'no-browser'],
    ]),
};

const seenIn = (matchKeys: readonly string[], causes: readonly Cause[]): KeySeen[] =>
  causes.map(([key, cause]) => ({ key, missingFor: matchKeys.includes(key) ? null : cause }));
