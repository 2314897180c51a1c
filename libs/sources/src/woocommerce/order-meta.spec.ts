import { orderBody } from '../../../../test/builders/order.builder.js';
import { ttclidOfSessionEntry } from './order-meta.js';
import { readOrderJson, type OrderFact } from './woocommerce-order.source.js';

const [FIRST_LINE] = orderBody()['line_items'] as readonly Record<string, unknown>[];

function fact(overrides: Record<string, unknown>, defaultCountry: string | null = null): OrderFact {
  const reading = readOrderJson(orderBody(overrides), { readAt: null, defaultCountry });
  if (reading.kind !== 'order') throw new Error(reading.detail);
  return reading;
}
const withMeta = (...entries: readonly (readonly [key: unknown, value: unknown])[]): OrderFact =>
  fact({ meta_data: entries.map(([key, value], id) => ({ id, key, value })) });

describe('meta of an order', () => {
  it('is read by a whitelist', () => {
    const { content, personal } = withMeta(
      ['cdp_id', 'visitor-1'],
      ['cdp_ttclid', 'E.C.P.1'],
      ['cdp_ttp', 'ttp-1'],
      ['cdp_consent', 'denied'],
      ['_subscription_renewal', 81],
      ['_wc_order_attribution_utm_source', 'tiktok'],
      ['_wc_order_attribution_session_pages', 4],
      ['_ttclid', 'other'],
      ['_debug_log_source_pending_deletion', 'x'],
    );
    expect(personal).toMatchObject({ visitorId: 'visitor-1', ttclid: 'E.C.P.1', ttp: 'ttp-1' });
    expect(personal.attribution).toEqual({ utm_source: 'tiktok', session_pages: '4' });
    expect(content).toMatchObject({ consent: 'denied', renewalOf: '81' });
  });

  it('counts the first filled value of a repeated key', () => {
    expect(withMeta(['cdp_id', ''], ['cdp_id', 'first'], ['cdp_id', 'second']).personal.visitorId).toBe('first');
  });

  it.each([[{ a: 1 }], [['x']], [null], [true], [undefined]])('passes over a value that is no text and no number: %j', (value) => {
    const { content, personal } = withMeta(['cdp_id', value], ['cdp_consent', value], ['_wc_order_attribution_referrer', value]);
    expect([personal.visitorId, content.consent, personal.attribution]).toEqual(['', null, {}]);
  });

  it('passes over elements that are no meta', () => {
    expect(fact({ meta_data: [null, 7, 'x', [], {}, { key: 5, value: 'x' }, { key: 'cdp_id', value: 'v' }] }).personal.visitorId).toBe('v');
  });

  it.each([
    ['granted', 'granted'],
    ['denied', 'denied'],
    ['unknown', 'unknown'],
    [' Granted ', 'granted'],
    ['yes', null],
    ['', null],
    [1, null],
  ])('reads the consent %j as %j', (value, consent) => {
    expect(withMeta(['cdp_consent', value]).content.consent).toBe(consent);
  });

  it('keeps at most a hundred attribution entries with plain names', () => {
    const many = Array.from({ length: 150 }, (_, index) => [`_wc_order_attribution_a${index}`, 'x'] as const);
    expect(Object.keys(withMeta(...many).personal.attribution)).toHaveLength(100);
    expect(withMeta(['_wc_order_attribution_', 'x'], ['_wc_order_attribution_María', 'x']).personal.attribution).toEqual({});
  });
});

describe('the upsell marker of a line', () => {
  const markerOf = (...metaData: readonly Record<string, unknown>[]): string | null =>
    fact({ line_items: [{ ...FIRST_LINE, meta_data: metaData }] }).content.lines[0]?.upsellMarker ?? null;

  it.each(['_upstroke_purchase', '_bump_purchase', '_fkcart_upsell', 'is_order_bump_purchase', 'wps_order_bump_id'])('is %s', (key) => {
    expect(markerOf({ key: 'talla', value: 'M' }, { key, value: 'yes' })).toBe(key);
    expect(markerOf({ key, value: 12 })).toBe(key);
  });

  it.each(['', '0', 'no', 'false', null, { a: 1 }])('is not there when the plugin says %j', (value) => {
    expect(markerOf({ key: '_bump_purchase', value })).toBeNull();
  });
});

describe('whom an order names', () => {
  it('takes a phone as of the billing country, then of the tenant’s', () => {
    const phoneOf = (billing: Record<string, unknown>, defaultCountry: string | null): string | null =>
      fact({ billing: { ...billing, phone: '415-555-2671' } }, defaultCountry).identifiers.phone;
    expect(phoneOf({ country: 'US' }, 'CL')).toMatch(/^[0-9a-f]{64}$/);
    expect(phoneOf({ country: '' }, 'US')).toBe(phoneOf({ country: 'US' }, null));
    expect(phoneOf({ country: '' }, null)).toBeNull();
  });

  it('claims mail and phone only when they are usable', () => {
    const { identifiers, personalFields } = fact({ billing: { email: 'nobody', phone: '12', first_name: 'Ana' } });
    expect(identifiers).toMatchObject({ email: null, phone: null });
    expect(personalFields.filter((field) => field.startsWith('billing.'))).toEqual(['billing.firstName']);
  });

  it.each(['undefined', 'null', ' '])('takes %j for no visitor', (value) => {
    const { identifiers, personalFields } = withMeta(['cdp_id', value]);
    expect(identifiers.visitor).toBeNull();
    expect(personalFields).not.toContain('visitorId');
  });

  it.each([
    ['203.0.113.7', true],
    ['2001:db8::7', true],
    ['10.0.0.1', false],
    ['127.0.0.1', false],
    ['', false],
    ['unknown', false],
  ])('claims the address %j only when it is public', (customerIp, isClaimed) => {
    expect(fact({ customer_ip_address: customerIp }).personalFields.includes('customerIp')).toBe(isClaimed);
  });

  it('calls a guest nobody', () => {
    for (const guest of [0, '0', '', null]) {
      const { identifiers, personal } = fact({ customer_id: guest });
      expect([identifiers.customer, personal.customerId]).toEqual([null, '']);
    }
    expect(fact({ customer_id: 2 }).identifiers.customer).toBe('2');
  });

  it('lists fields sorted and without repeats', () => {
    const { personalFields } = withMeta(['cdp_ttp', 't'], ['_wc_order_attribution_session_entry', 'https://shop.example/?ttclid=E.C.P.1']);
    expect(personalFields).toEqual([...new Set(personalFields)].toSorted());
    expect(personalFields).toEqual(expect.arrayContaining(['sessionEntryTtclid', 'ttp']));
  });
});

describe('ttclidOfSessionEntry', () => {
  it.each([
    ['https://shop.example/mug?utm_source=tiktok&ttclid=E.C.P.1#top', 'E.C.P.1'],
    ['http://shop.example/?ttclid=a%2Bb', 'a+b'],
    ['https://shop.example/?ttclid=', ''],
    ['https://shop.example/?x=ttclid=1', ''],
    ['https://shop.example/#ttclid=1', ''],
    ['(direct) ttclid=1', ''],
    ['javascript:x?ttclid=1', ''],
    [undefined, ''],
  ])('finds in %j %j', (sessionEntry, ttclid) => {
    expect(ttclidOfSessionEntry(sessionEntry)).toBe(ttclid);
  });
});
