import { tiktokDestination, tiktokSettingsSchema, type TiktokSettings } from '@tributary/destinations';
import {
  asConnectionId,
  asSubjectId,
  asTenantId,
  type BuyerBackground,
  type DeliveryIntent,
  type OrderPersonal,
  type PersonalAddress,
  type ProfileId,
} from '@tributary/domain';
import fc from 'fast-check';
import { checkRequest } from './request-checks.ts';
import { conforms } from './request-schema.ts';
import { startTiktokSimulator } from './tiktok-simulator.ts';

/** Our requests against the vendor as its documentation describes it. */
const settings: TiktokSettings = tiktokSettingsSchema.parse({ pixelCode: 'PIXEL1', limitedDataUse: ['CA'] });
const secrets = { accessToken: 'token-1' };

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', ' ', 'undefined', 'null', '0', 'María Pérez', '+56 9 8765 4321', '203.0.113.9'),
);
const addresses: fc.Arbitrary<PersonalAddress> = fc.record({
  firstName: anything,
  lastName: anything,
  company: anything,
  address1: anything,
  address2: anything,
  city: anything,
  state: anything,
  postcode: anything,
  country: anything,
  email: fc.oneof(anything, fc.emailAddress()),
  phone: anything,
});
const entries = fc.oneof(
  anything,
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.emailAddress().map((mail) => `https://s.example/?x=${mail}`),
);
const people: fc.Arbitrary<OrderPersonal> = fc.record({
  billing: addresses,
  shipping: addresses,
  customerId: anything,
  customerIp: fc.oneof(anything, fc.ipV4(), fc.ipV6()),
  customerUserAgent: anything,
  visitorId: anything,
  ttclid: anything,
  ttp: anything,
  customerNote: anything,
  attribution: fc.record({ session_entry: entries }, { requiredKeys: [] }),
});
const amounts = fc.integer({ min: 0, max: 1e9 }).map((cents) => (cents / 100).toFixed(2));
const hashes = fc.array(
  fc.nat({ max: 255 }).map((byte) => byte.toString(16).padStart(64, 'a')),
  { maxLength: 7 },
);
const clicks = fc.array(fc.record({ ttclid: fc.string({ minLength: 1 }), at: fc.nat() }), { maxLength: 2 });
const backgrounds: fc.Arbitrary<BuyerBackground> = fc.record({
  shown: fc.constant([]),
  visitor: fc.option(
    fc.record({
      visitor: fc.constant(asSubjectId('s-1')),
      version: fc.nat(),
      consents: fc.constant([]),
      evidence: fc.record({ clickIds: clicks, ttp: anything, ip: anything, userAgent: anything, url: entries, locale: anything }),
    }),
  ),
  profile: fc.option(
    fc.record({
      profileId: fc.constant('p-1' as ProfileId),
      version: fc.nat(),
      emails: hashes,
      phones: hashes,
      externalIds: hashes,
      customers: fc.array(fc.record({ shopConnectionId: fc.constant('shop'), customerId: anything }), { maxLength: 3 }),
      clickIds: clicks,
    }),
  ),
});
const intents: fc.Arbitrary<DeliveryIntent> = fc.record({
  tenant: fc.constant({ tenantId: asTenantId('acme'), defaultCountry: 'CL' }),
  source: fc.constant({ connectionId: asConnectionId('shop'), storeUrl: 'https://shop.example', country: 'CL', isConsentRequired: false }),
  eventName: fc.constantFrom('Purchase', 'Subscribe'),
  reference: fc.integer({ min: 1 }).map(String),
  orderNumber: anything,
  billingCountry: fc.constantFrom('US', 'CL', ''),
  personal: fc.option(people),
  isRenewal: fc.boolean(),
  orderStatus: fc.constant('processing'),
  products: fc.constant(new Map()),
  orderedAt: fc.constant(Date.parse('2026-11-20T09:59:00Z')),
  consent: fc.constant(null),
  revision: fc.constantFrom('0', 'bump:12'),
  isBaseSent: fc.constant(true),
  background: backgrounds,
  plan: fc.record({
    vendorEventId: fc.integer({ min: 1 }).map((id) => `wc_order_${id}`),
    eventTime: fc.integer({ min: Date.parse('2026-01-01T00:00:00Z'), max: Date.parse('2030-01-01T00:00:00Z') }),
    observationId: fc.uuid(),
    settingsVersion: fc.nat(),
    value: fc.option(amounts),
    currency: fc.option(fc.constantFrom('CLP', 'USD', 'JPY')),
    rate: fc.constant(null),
    rateDate: fc.constant(null),
    contentType: fc.constantFrom('product', 'product_group'),
    lines: fc.array(
      fc.record({
        lineId: fc.constantFrom('', '11'),
        contentId: fc.constantFrom('MUG', '14'),
        name: anything,
        unitPrice: amounts,
        quantity: fc.integer({ min: 1, max: 99 }),
      }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
    matchKeys: fc.constant([]),
  }),
});

it('takes whatever our destination makes of an order', () => {
  fc.assert(
    fc.property(fc.array(intents, { minLength: 1, maxLength: 3 }), (batch) => {
      const request = tiktokDestination.toRequest(batch, 'live', settings, secrets, 'https://vendor.example');
      expect(checkRequest(JSON.parse(request.body), '')).toBeNull();
      expect(conforms(JSON.parse(request.body), '')).toBeNull();
    }),
  );
});

it('is understood by our destination, refusals included', async () => {
  const simulator = await startTiktokSimulator({ pixels: [{ code: 'PIXEL1', accessToken: 'token-1' }] });
  const deliver = async (batch: readonly DeliveryIntent[], accessToken: string) => {
    const { url, body, ...request } = tiktokDestination.toRequest(batch, 'live', settings, { accessToken }, simulator.url);
    const response = await fetch(url, { ...request, body });
    const reply = {
      kind: 'answered',
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    } as const;
    return tiktokDestination.interpret(reply, batch.length).map(({ kind }) => kind);
  };
  try {
    const [first, second] = fc.sample(intents, { numRuns: 2, seed: 7 });
    if (first === undefined || second === undefined) throw new Error('two intents were sampled');
    const nameless = { ...second, plan: { ...second.plan, vendorEventId: '' } };
    expect(await deliver([first, second], 'token-1')).toEqual(['delivered', 'delivered']);
    expect(await deliver([first], 'token-9')).toEqual(['misconfigured']);
    expect(await deliver([first, nameless], 'token-1')).toEqual(['isolate', 'isolate']);
    expect(await deliver([nameless], 'token-1')).toEqual(['rejected']);
    simulator.control.fail({ kind: 'too-many-requests' });
    expect(await deliver([first], 'token-1')).toEqual(['transient']);
  } finally {
    await simulator.stop();
  }
});
