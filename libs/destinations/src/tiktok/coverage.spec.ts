import { asConnectionId, type ReportedEffect, type ReportedOrder } from '@tributary/domain';
import { tiktokCoverage } from './coverage.js';

const ALL = ['email', 'external_id', 'ip', 'phone', 'ttclid', 'ttp', 'user_agent'];
const effect = (matchKeys: readonly string[], clickFrom: string | null): ReportedEffect & { readonly matchKeys: readonly string[] } => ({
  destination: asConnectionId('ads'),
  eventName: 'Purchase',
  revision: '0',
  mode: 'live',
  state: 'delivered',
  reason: null,
  value: null,
  currency: null,
  matchKeys,
  clickFrom,
});
const order = (overrides: Partial<ReportedOrder> = {}): ReportedOrder => ({
  shop: asConnectionId('shop'),
  createdAt: 0,
  currency: 'CLP',
  total: '1',
  paymentMethod: 'cod',
  createdVia: 'checkout',
  renewalOf: null,
  consent: 'granted',
  status: 'processing',
  hasVisitor: true,
  personalFields: [],
  effects: [],
  ...overrides,
});
const causes = (matchKeys: readonly string[], overrides: Partial<ReportedOrder> = {}, clickFrom: string | null = 'order') =>
  Object.fromEntries(
    tiktokCoverage.ofOrder(order(overrides), effect(matchKeys, clickFrom)).map(({ key, missingFor }) => [key, missingFor]),
  );

describe('an order lacks', () => {
  it('nothing, when all is there', () => {
    expect(Object.values(causes(ALL))).toEqual(ALL.map(() => null).concat(null));
  });

  it.each<[string, Record<string, unknown>, object]>([
    ['its click where the snippet is gone', causes([], { consent: null, hasVisitor: false }), { ttclid: 'no-snippet', ttp: 'no-snippet' }],
    ['its click where no visitor came through', causes([], { hasVisitor: false }), { ttclid: 'no-visitor', external_id: 'no-visitor' }],
    ['its click where there was none', causes([]), { ttclid: 'no-click', ttp: 'no-pixel' }],
    ['its click where an app made it', causes([], { createdVia: 'rest-api' }), { ttclid: 'no-browser', ip: 'no-browser' }],
    ['its address where the shop sees a gateway’s', causes(['user_agent']), { ip: 'gateway-address', user_agent: null }],
    [
      'a click id of its own where it was lost on the way',
      causes(ALL, {}, 'session-entry'),
      { ttclid: null, ttclid_at_checkout: 'click-lost' },
    ],
    ['a mail where nobody gave one', causes([]), { email: 'not-given' }],
  ])('%s', (_what, actual, expected) => expect(actual).toMatchObject(expected));

  it('no browser’s traces when it renews a subscription', () => {
    expect(Object.keys(causes([], { renewalOf: '7' }))).toEqual(['email', 'phone', 'external_id']);
  });
});

it('a visit lacks what its page did not show, or identity does not know', () => {
  const seen = Object.fromEntries(tiktokCoverage.ofVisit(['external_id', 'user_agent']).map(({ key, missingFor }) => [key, missingFor]));
  expect(seen).toEqual({
    email: 'not-identified',
    phone: 'not-identified',
    external_id: null,
    ttclid: 'no-click',
    ttp: 'no-pixel',
    ip: 'gateway-address',
    user_agent: null,
  });
});
