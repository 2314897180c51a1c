import { createHash } from 'node:crypto';
import type { DeliveryIntent } from '@tributary/domain';
import { conforms } from '../../../../test/simulators/tiktok/request-schema.js';
import { address, intent, personal, plan, settingsOf, source, tenant } from './purchase.builder.js';
import { tiktokDestination } from './tiktok.destination.js';
import { tiktokRequestSchema, type TiktokEvent, type TiktokRequest } from './tiktok.schema.js';

const BASE_URL = 'https://business-api.tiktok.com';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const request = (intents: readonly DeliveryIntent[], settings = settingsOf()) =>
  tiktokDestination.toRequest(intents, 'live', settings, { accessToken: 'secret-token' }, BASE_URL);
function bodyOf(intents: readonly DeliveryIntent[], settings = settingsOf()): TiktokRequest {
  const body: unknown = JSON.parse(request(intents, settings).body);
  expect(conforms(body, '')).toBeNull();
  return tiktokRequestSchema.parse(body);
}

function eventOf(fields: Partial<DeliveryIntent> = {}): TiktokEvent {
  const [event] = bodyOf([intent(fields)]).data;
  if (event === undefined) throw new Error('the request has no event');
  return event;
}
const userOf = (fields: Parameters<typeof personal>[0], more: Partial<DeliveryIntent> = {}) =>
  eventOf({ personal: personal(fields), ...more }).user;

describe('the request', () => {
  it('goes to the documented address with the token in its header', () => {
    expect(request([intent()])).toMatchObject({
      method: 'POST',
      url: 'https://business-api.tiktok.com/open_api/v1.3/event/track/',
      headers: { 'Access-Token': 'secret-token', 'Content-Type': 'application/json' },
    });
  });

  it('takes a base with a slash at its end', () => {
    const made = tiktokDestination.toRequest([intent()], 'live', settingsOf(), { accessToken: 't' }, 'http://127.0.0.1:9000/');
    expect(made.url).toBe('http://127.0.0.1:9000/open_api/v1.3/event/track/');
  });

  it('says all there is to say about a guest’s order', () => {
    expect(bodyOf([intent()])).toEqual({
      event_source: 'web',
      event_source_id: 'PIXEL1',
      data: [
        {
          event: 'Purchase',
          event_time: 1795168800,
          event_id: 'wc_order_1001',
          user: {
            email: sha256('maria.perez@example.com'),
            phone: sha256('+56987654321'),
            external_id: [sha256('visitor-ABC')],
            first_name: sha256('maría'),
            last_name: sha256('pérez'),
            zip_code: sha256('8320000'),
            city: 'viñadelmar',
            state: 'cl-vs',
            country: 'cl',
            ttclid: 'E.C.P.entry',
            ttp: 'ttp-cookie',
            ip: '203.0.113.9',
            user_agent: 'Mozilla/5.0 (X11; Linux x86_64)',
          },
          page: { url: 'https://shop.example/mug?utm_source=tiktok&ttclid=E.C.P.entry' },
          properties: {
            value: 45815,
            currency: 'CLP',
            contents: [{ content_id: 'MUG-BLUE', content_name: 'Mug', price: 18000, quantity: 2 }],
            content_type: 'product',
            num_items: 2,
            order_id: '1001',
          },
        },
      ],
    });
  });

  it('carries several orders in their order', () => {
    const ids = bodyOf([intent(), intent({ plan: plan({ vendorEventId: 'wc_order_1002' }) })]).data.map((event) => event.event_id);
    expect(ids).toEqual(['wc_order_1001', 'wc_order_1002']);
  });

  it('writes all-digit ids as text', () => {
    const { event_id, properties } = eventOf({ plan: plan({ vendorEventId: '1001' }) });
    expect([event_id, properties?.order_id]).toEqual(['1001', '1001']);
  });

  it('carries the test code once, and only for test events', () => {
    const settings = settingsOf({ mode: 'test', testEventCode: 'TEST77' });
    const send = (mode: 'live' | 'test'): unknown =>
      JSON.parse(tiktokDestination.toRequest([intent()], mode, settings, { accessToken: 't' }, BASE_URL).body);
    expect(send('test')).toMatchObject({ test_event_code: 'TEST77' });
    expect(send('live')).not.toHaveProperty('test_event_code');
  });

  it('never lets a test event out as a real one', () => {
    expect(() => tiktokDestination.toRequest([intent()], 'test', settingsOf(), { accessToken: 't' }, BASE_URL)).toThrow('no testEventCode');
  });
});

describe('who it was', () => {
  it('names a customer of this shop besides the visitor, each hashed', () => {
    expect(userOf({ customerId: '77' })?.external_id).toEqual([sha256('visitor-ABC'), sha256('shop:77')]);
  });

  it.each(['', '0', 'undefined'])('never calls a guest %j', (customerId) => {
    expect(userOf({ customerId, visitorId: '' })).not.toHaveProperty('external_id');
  });

  it('reads the phone by the billing country, then by the tenant’s', () => {
    const phoneFrom = (country: string) =>
      userOf({ billing: address({ phone: '415-555-2671', country }) }, { tenant: { ...tenant, defaultCountry: 'US' } })?.phone;
    expect(phoneFrom('US')).toBe(sha256('+14155552671'));
    expect(phoneFrom('')).toBe(sha256('+14155552671'));
    expect(phoneFrom('JP')).toBeUndefined();
  });

  it('prefers the click id of the order over the one of the landing page', () => {
    expect(userOf({ ttclid: ' own-click ' })?.ttclid).toBe('own-click');
  });

  it.each(['192.168.1.7', '100.64.0.1', '::1', 'unknown', ''])('never sends the address %j', (customerIp) => {
    expect(userOf({ customerIp })).not.toHaveProperty('ip');
  });

  it('unwraps an address in IPv6 clothing', () => expect(userOf({ customerIp: '::ffff:203.0.113.9' })?.ip).toBe('203.0.113.9'));

  it('leaves out what is blank or only says so', () => {
    const blank = address({
      firstName: 'undefined',
      lastName: 'null',
      city: ' ',
      state: '',
      postcode: '-',
      country: '',
      email: '',
      phone: '',
    });
    const nothing = { billing: blank, visitorId: '', ttp: '', customerIp: '', customerUserAgent: '', attribution: {} };
    expect(eventOf({ personal: personal(nothing) })).not.toHaveProperty('user');
  });

  it.each([
    ['測試', '測試'],
    ['اسم', 'اسم'],
    ["O'Higgins", "o'higgins"],
  ])('hashes the name %s in its own script', (lastName, normalised) => {
    expect(userOf({ billing: address({ lastName }) })?.last_name).toBe(sha256(normalised));
  });

  it('never sends a mail address that was typed as a city', () => {
    expect(userOf({ billing: address({ city: 'maria.perez@example.com' }) })).not.toHaveProperty('city');
  });

  it('says nothing of a browser that was not there', () => {
    const event = eventOf({ isRenewal: true });
    expect(event.user).not.toHaveProperty('ip');
    expect(event.user).not.toHaveProperty('user_agent');
    expect(event.user?.ttclid).toBe('E.C.P.entry');
  });

  it('sends what is in clear alone when the personal part is gone', () => {
    const event = eventOf({ personal: null });
    expect(event).not.toHaveProperty('user');
    expect(event).toMatchObject({ page: { url: 'https://shop.example/' }, properties: { value: 45815 } });
  });

  it('never holds an empty text', () => {
    expect(
      request([intent({ plan: plan({ lines: [{ lineId: '11', contentId: 'A', name: '', unitPrice: '1', quantity: 1 }] }) })]).body,
    ).not.toContain('""');
  });
});

describe('what it was worth', () => {
  it('sends a free order as 0', () =>
    expect(eventOf({ plan: plan({ value: '0' }) }).properties).toMatchObject({ value: 0, currency: 'CLP' }));

  it('sends no amount at all in a currency that TikTok does not take', () => {
    const { properties } = eventOf({ plan: plan({ value: null, currency: null }) });
    expect(properties).toEqual({
      contents: [{ content_id: 'MUG-BLUE', content_name: 'Mug', quantity: 2 }],
      content_type: 'product',
      num_items: 2,
      order_id: '1001',
    });
  });

  it('counts all pieces', () => {
    const lines = [1, 2, 3].map((quantity) => ({
      lineId: `${quantity}`,
      contentId: `P${quantity}`,
      name: 'x',
      unitPrice: '0.1',
      quantity,
    }));
    expect(eventOf({ plan: plan({ lines }) }).properties?.num_items).toBe(6);
  });
});

describe('limited data use', () => {
  const limited = (state: string, country = 'US', limitedDataUse: readonly string[] = ['CA', 'CO']): boolean | undefined => {
    const from = intent({ billingCountry: country, personal: personal({ billing: address({ state, country }) }) });
    return bodyOf([from], settingsOf({ limitedDataUse })).data[0]?.limited_data_use;
  };
  it.each(['CA', 'co', 'US-CA', 'California', ''])('is asked for a buyer in %j, when California and Colorado are named', (state) =>
    expect(limited(state)).toBe(true),
  );
  it.each([
    ['another state', 'NY', 'US'],
    ['another country', 'CA', 'CL'],
  ])('is not asked for %s', (_what, state, country) => expect(limited(state, country)).toBeUndefined());
  it('is never asked when no state is named', () => expect(limited('CA', 'US', [])).toBeUndefined());
  it('is asked for a buyer in the US of whom nothing is left', () => {
    const [event] = bodyOf([intent({ billingCountry: 'US', personal: null })], settingsOf({ limitedDataUse: ['CA'] })).data;
    expect(event?.limited_data_use).toBe(true);
  });
});

describe('the page', () => {
  it.each([
    ['without an entry', {}],
    ['with an entry that is no address', { session_entry: '(direct)' }],
  ])('is the shop %s', (_what, attribution) => {
    expect(eventOf({ personal: personal({ attribution }), source: { ...source, storeUrl: 'https://shop.example/cl' } }).page).toEqual({
      url: 'https://shop.example/cl',
    });
  });

  it('is left out when even the shop has no address', () => {
    expect(eventOf({ personal: null, source: { ...source, storeUrl: '' } })).not.toHaveProperty('page');
  });
});
