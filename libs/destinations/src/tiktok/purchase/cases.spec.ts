import { createHash } from 'node:crypto';
import {
  asConnectionId,
  asTenantId,
  ledgerKey,
  planDelivery,
  type DeliveryPlan,
  type KnownEffect,
  type OrderObserved,
  type OrderPersonal,
  type PlanDecision,
} from '@tributary/domain';
import { conforms } from '../../../../../test/simulators/tiktok/request-schema.js';
import { address, destination, intent, line, NOW, orderState, PAID_AT, personal, settingsOf, source, tenant } from '../purchase.builder.js';
import { tiktokDestination } from '../tiktok.destination.js';
import { tiktokRequestSchema, type TiktokEvent } from '../tiktok.schema.js';

/** The cases that merchants complain about, by their names. */
const DAY_MS = 86_400_000;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Shop {
  readonly settings?: object;
  readonly tenantId?: string;
  readonly activatedAt?: number;
  readonly isConsentRequired?: boolean;
}

interface Seen {
  readonly order: Partial<OrderObserved>;
  readonly nowMs?: number;
  readonly shop?: Shop;
}

/** What the observations of one order lead to, one after the other, each decided with what the ledger holds by then. */
function decisionsOf(shop: Shop, ...observations: readonly Seen[]): readonly PlanDecision[] {
  const known: KnownEffect[] = [];
  return observations.flatMap(({ order, nowMs = NOW, shop: changed }) => {
    const { settings, tenantId = 'acme', activatedAt, isConsentRequired = false } = { ...shop, ...changed };
    const state = orderState(order);
    const to = destination(settings, activatedAt);
    const decisions = tiktokDestination.plan(state, tenant, { ...source, isConsentRequired }, to, nowMs, known);
    const ids = { tenantId: asTenantId(tenantId), destinationConnectionId: to.connectionId, sourceConnectionId: state.connectionId };
    const moment = { nowMs, newEventId: () => 'event', random: 0 };
    known.push(...decisions.map((it) => planDelivery(it, ids, { observationId: 'o', settingsVersion: to.version }, moment).entry));
    return decisions;
  });
}
const plansOf = (decisions: readonly PlanDecision[]): readonly DeliveryPlan[] =>
  decisions.flatMap((decision) => (decision.kind === 'plan' ? [decision.plan] : []));
const reasonsOf = (decisions: readonly PlanDecision[]): readonly string[] =>
  decisions.map((decision) => (decision.kind === 'plan' ? 'planned' : decision.reason));

function sent(plan: DeliveryPlan, buyer: Partial<OrderPersonal> = {}, isRenewal = false): TiktokEvent {
  const { body } = tiktokDestination.toRequest(
    [intent({ plan, personal: personal(buyer), isRenewal })],
    'live',
    settingsOf(),
    { accessToken: 't' },
    'https://vendor.example',
  );
  expect(conforms(JSON.parse(body), '')).toBeNull();
  const [event] = tiktokRequestSchema.parse(JSON.parse(body)).data;
  if (event === undefined) throw new Error('the request has no event');
  return event;
}
function onlyPlan(decisions: readonly PlanDecision[]): DeliveryPlan {
  const [plan, ...more] = plansOf(decisions);
  if (plan === undefined || more.length > 0) throw new Error(`expected one plan, got ${JSON.stringify(decisions)}`);
  return plan;
}
const paid: Seen = { order: {} };

it('Thank-you page reloaded or revisited days later → one Purchase', () => {
  const revisited = { order: { modifiedAt: PAID_AT + 3 * DAY_MS }, nowMs: PAID_AT + 3 * DAY_MS };
  expect(plansOf(decisionsOf({}, paid, paid, revisited))).toHaveLength(1);
});

it('payment_complete and thank-you → one', () => {
  expect(plansOf(decisionsOf({}, paid, { order: { modifiedAt: PAID_AT + 3_000 } }))).toHaveLength(1);
});

it('pending → processing → completed → one', () => {
  const pending = { order: { status: 'pending', paidAt: null } };
  const completed = { order: { status: 'completed', completedAt: PAID_AT + DAY_MS, modifiedAt: PAID_AT + DAY_MS } };
  expect(reasonsOf(decisionsOf({}, pending, paid, completed, completed))).toEqual(['planned']);
});

it('Gateway webhook → the buyer’s ip and cookies', () => {
  const plan = onlyPlan(
    decisionsOf({}, { order: { status: 'pending', paidAt: null } }, { order: { source: 'webhook', modifiedAt: PAID_AT + 9_000 } }),
  );
  expect(sent(plan).user).toMatchObject({ ip: '203.0.113.9', ttp: 'ttp-cookie', user_agent: 'Mozilla/5.0 (X11; Linux x86_64)' });
});

it('Guest → email, phone, name and zip from the order, never external_id "0"', () => {
  const { user } = sent(onlyPlan(decisionsOf({}, paid)), { customerId: '0', visitorId: '' });
  expect(user).toMatchObject({
    email: sha256('maria.perez@example.com'),
    phone: sha256('+56987654321'),
    first_name: sha256('maría'),
    last_name: sha256('pérez'),
    zip_code: sha256('8320000'),
  });
  expect(user).not.toHaveProperty('external_id');
});

it('Order currency differs from the shop’s → the order’s', () => {
  expect(onlyPlan(decisionsOf({}, { order: { currency: 'JPY', total: '1299.00' } }))).toMatchObject({ value: '1299', currency: 'JPY' });
});

it('Coupons, tax, shipping → value by the configured basis, default order total', () => {
  const valueBy = (value?: string) => onlyPlan(decisionsOf({ settings: value === undefined ? {} : { purchase: { value } } }, paid)).value;
  expect([undefined, 'total', 'total-without-tax', 'total-without-shipping', 'subtotal'].map(valueBy)).toEqual([
    '45815',
    '45815',
    '38500',
    '42840',
    '36000',
  ]);
});

it('Free order → value 0 is sent', () => {
  const free = { order: { total: '0.00', totalTax: '0', lines: [line({ total: '0', totalTax: '0' })] } };
  expect(sent(onlyPlan(decisionsOf({}, free))).properties).toMatchObject({ value: 0, currency: 'CLP' });
});

it.each(['failed', 'cancelled', 'checkout-draft'])('Failed, cancelled, checkout-draft → nothing: %s', (status) => {
  expect(decisionsOf({ settings: { purchase: { when: 'placed' } } }, { order: { status } })).toEqual([]);
});

describe('Renewal → its own Purchase with its own order id (configurable), the original click id, no ip or user agent', () => {
  const renewal = { order: { orderId: '82', renewalOf: '81', createdVia: 'subscription' } };
  it.each([
    ['purchase', ['planned'], 'Purchase'],
    ['subscribe', ['planned'], 'Subscribe'],
    ['off', ['renewals-off'], 'Purchase'],
  ])('%s', (renewals, reasons, eventName) => {
    const decisions = decisionsOf({ settings: { purchase: { renewals } } }, renewal);
    expect(reasonsOf(decisions)).toEqual(reasons);
    expect(decisions[0]).toMatchObject({ reference: '82', eventName });
  });

  it('sends what the order inherited, and nothing of a browser that was not there', () => {
    const plan = onlyPlan(decisionsOf({}, renewal));
    expect(plan.vendorEventId).toBe('wc_order_82');
    const { user } = sent(plan, { ttclid: 'E.C.P.of-two-years-ago' }, true);
    expect(user?.ttclid).toBe('E.C.P.of-two-years-ago');
    expect(user).not.toHaveProperty('ip');
    expect(user).not.toHaveProperty('user_agent');
  });

  it('keeps its name when the settings change it later', () => {
    const changed = { ...renewal, shop: { settings: { purchase: { renewals: 'subscribe' } } } };
    expect(decisionsOf({}, renewal, changed).map(({ eventName }) => eventName)).toEqual(['Purchase']);
  });

  it('the first order of a subscription is an order like any other', () => {
    const first = onlyPlan(decisionsOf({ settings: { purchase: { renewals: 'off' } } }, { order: { orderId: '80' } }));
    expect(first.matchKeys).toContain('ip');
  });
});

describe('Admin-made order → nothing by default', () => {
  it.each(['admin', 'import', 'csv-import', 'WP_Import'])('%s', (createdVia) => {
    expect(reasonsOf(decisionsOf({}, { order: { createdVia } }))).toEqual(['created-via-excluded']);
  });
  it.each(['checkout', 'store-api', 'rest-api', 'important-plugin'])('but for %s', (createdVia) => {
    expect(reasonsOf(decisionsOf({}, { order: { createdVia } }))).toEqual(['planned']);
  });
});

it('Consent denied → nothing, with an audit row; granted later → no back-fill', () => {
  const decisions = decisionsOf({}, { order: { consent: 'denied' } }, { order: { consent: 'granted', modifiedAt: PAID_AT + 60_000 } });
  expect(decisions).toEqual([
    {
      kind: 'suppress',
      reference: '1001',
      eventName: 'Purchase',
      revision: '0',
      mode: 'live',
      reason: 'consent-denied',
      eventTime: PAID_AT,
    },
  ]);
});

it('Refund → no Purchase', () => {
  const refunded = { order: { status: 'refunded', refunds: [{ refundId: '7', total: '-45815' }] } };
  const partly = { order: { refunds: [{ refundId: '7', total: '-5000' }], modifiedAt: PAID_AT + 60_000 } };
  expect(decisionsOf({}, refunded)).toEqual([]);
  expect(plansOf(decisionsOf({}, paid, partly, refunded))).toHaveLength(1);
});

it('Order four days late → age policy', () => {
  const late = { ...paid, nowMs: PAID_AT + 4 * DAY_MS };
  expect(reasonsOf(decisionsOf({}, late))).toEqual(['planned']);
  expect(reasonsOf(decisionsOf({ settings: { maxEventAgeDays: 3 } }, late))).toEqual(['too-old']);
});

it.each([
  ['CJK', '測試', '王'],
  ['right-to-left', 'اسم', 'العائلة'],
])('CJK and right-to-left names: %s', (_script, firstName, lastName) => {
  expect(sent(onlyPlan(decisionsOf({}, paid)), { billing: address({ firstName, lastName }) }).user).toMatchObject({
    first_name: sha256(firstName),
    last_name: sha256(lastName),
  });
});

it('Same order id in two tenants → two keys', () => {
  const keyIn = (tenantId: string): string =>
    ledgerKey({
      tenantId: asTenantId(tenantId),
      destinationConnectionId: asConnectionId('ads'),
      sourceConnectionId: asConnectionId('shop'),
      reference: '1001',
      eventName: 'Purchase',
      revision: '0',
      mode: 'live',
    });
  expect(keyIn('acme')).not.toBe(keyIn('other'));
});

it('All-digit order ids stay strings', () => {
  const event = sent(onlyPlan(decisionsOf({ settings: { purchase: { eventId: '{orderId}' } } }, paid)));
  expect([event.event_id, event.properties?.order_id]).toEqual(['1001', '1001']);
});

it('Cash on delivery counted when the tenant says (placed or completed)', () => {
  const cod = { paymentMethod: 'cod', paidAt: null };
  const counted = (byPaymentMethod: object) => [
    ...decisionsOf(
      { settings: { purchase: { byPaymentMethod } } },
      { order: { ...cod, status: 'processing' } },
      { order: { ...cod, status: 'completed' } },
    ),
  ];
  expect(counted({})).toEqual([]);
  expect(counted({ cod: 'placed' })).toHaveLength(1);
  expect(counted({ cod: 'completed' })).toHaveLength(1);
});

it('Orders older than the go-live moment → nothing', () => {
  expect(reasonsOf(decisionsOf({ activatedAt: PAID_AT + 1 }, paid))).toEqual(['before-go-live']);
});

it('A forgotten test code → ends by itself', () => {
  const shop = { settings: { mode: 'test', testEventCode: 'TEST1' }, activatedAt: PAID_AT - DAY_MS };
  expect(reasonsOf(decisionsOf(shop, { ...paid, nowMs: NOW + DAY_MS }))).toEqual(['test-mode-ended']);
});

it('`?email=` in a landing URL → never sent', () => {
  const session_entry = 'https://shop.example/mug?email=maria.perez%40example.com&utm_source=tiktok&ttclid=E.C.P';
  const event = sent(onlyPlan(decisionsOf({}, paid)), { attribution: { session_entry } });
  expect(event.page).toEqual({ url: 'https://shop.example/mug?utm_source=tiktok&ttclid=E.C.P' });
  expect(JSON.stringify(event)).not.toMatch(/maria|%40|@/);
});
