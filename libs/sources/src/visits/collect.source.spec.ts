import type { ConsentAnswer } from '@tributary/domain';
import { browserRequest, pageEvent, visitConnection, VISITED_AT } from '../../../../test/builders/visit.builder.js';
import { readCollect, type BrowserRequest, type CollectReading } from './collect.source.js';
import type { RefusedRequest } from './visit-body.js';
import type { VisitConnection } from './visit-connection.js';

const VISITOR = 'tto.1.1795228693.visitor';
const PORTS = { newVisitorId: () => 'tto.2.1795275600.newly-made', isKnown: () => false };

const read = (
  body: object,
  request: Partial<BrowserRequest> = {},
  connection: VisitConnection = visitConnection(),
): CollectReading | RefusedRequest => readCollect({ events: [pageEvent()], ...body }, connection, browserRequest(request), PORTS);

function taken(...args: Parameters<typeof read>): CollectReading {
  const reading = read(...args);
  if (reading.kind === 'refused') throw new Error(`${reading.reason}: ${reading.detail}`);
  return reading;
}

const first = (...args: Parameters<typeof read>): CollectReading['visits'][number] => {
  const [visit] = taken(...args).visits;
  if (visit === undefined) throw new Error(JSON.stringify(taken(...args).results));
  return visit;
};
const event = (fields: object, ...rest: [Partial<BrowserRequest>?, VisitConnection?]): CollectReading['visits'][number] =>
  first({ visitorId: VISITOR, events: [pageEvent(fields)] }, ...rest);
const refusalOf = (fields: object): unknown => taken({ events: [pageEvent(fields)] }).results[0];

describe('who visits', () => {
  it.each([
    ['the cookie', { cookies: '_ttoaid=tto.1.of-the-cookie' }, { visitorId: VISITOR }, 'tto.1.of-the-cookie'],
    ['the body without a cookie', {}, { visitorId: VISITOR }, VISITOR],
    ['the body beside a cookie that is none', { cookies: '_ttoaid=<script>' }, { visitorId: VISITOR }, VISITOR],
    ['a new id without either', {}, {}, 'tto.2.1795275600.newly-made'],
    ['nobody without either on another site', { secFetchSite: 'cross-site' }, {}, null],
    ['nobody for a server', { origin: undefined }, {}, null],
  ])('is said by %s', (_, request, body, expected) => {
    expect(first(body, request).visitorId).toBe(expected);
  });

  it.each(['short', 'with space in it', 'undefined', 'anonymous', 'x'.repeat(129), 17, {}])(
    'is not said by a body with %j',
    (visitorId) => {
      expect(read({ visitorId })).toEqual({ kind: 'refused', reason: 'invalid-field', detail: 'visitorId is not a visitor id' });
    },
  );
});

describe('the cookie', () => {
  const cookie = (...args: Parameters<typeof read>): string | null => taken(...args).setCookie;

  it('is renewed with what counts', () => {
    expect(cookie({ visitorId: VISITOR }, { cookies: '_ttoaid=tto.1.of-the-cookie' })).toBe(
      '_ttoaid=tto.1.of-the-cookie; Domain=shop.example; Path=/; Max-Age=34187400; Secure; SameSite=Lax',
    );
  });

  it('is set on our own word where an old browser says nothing of the site', () => {
    expect(cookie({ visitorId: VISITOR }, { secFetchSite: undefined })).toContain('Domain=shop.example');
    expect(cookie({ visitorId: VISITOR }, { secFetchSite: undefined, host: 'collector.example' })).toBeNull();
  });

  it.each([
    ['https://shop.co.uk', 'Domain=shop.co.uk; '],
    ['https://acme.github.io', 'Domain=acme.github.io; '],
    ['http://localhost:8080', ''],
    ['http://192.168.1.2', ''],
  ])('of a page at %s is bound to %j', (origin, domain) => {
    const connection = visitConnection('CL', { allowedOrigins: [origin] });
    expect(cookie({ visitorId: VISITOR }, { origin, secFetchSite: 'same-origin' }, connection)).toContain(`=${VISITOR}; ${domain}Path=/`);
  });

  it('is not set for a bot', () => expect(cookie({ visitorId: VISITOR }, { isBot: true })).toBeNull());
});

describe('consent', () => {
  const EVERY: readonly (readonly [answer: ConsentAnswer | null, gpc: boolean, country: string, isKept: boolean])[] = [
    ['granted', false, 'DE', true],
    ['granted', false, 'CL', true],
    ['granted', true, 'CL', false],
    ['denied', false, 'CL', false],
    ['denied', false, 'DE', false],
    [null, false, 'CL', true],
    [null, true, 'CL', false],
    [null, false, 'DE', false],
    ['unknown', false, 'GB', false],
    ['unknown', false, 'US', true],
  ];

  it.each(EVERY)('answer %s, privacy control %s, shop in %s: identifiers kept: %s', (ads, isPrivacyControlOn, country, isKept) => {
    const fields = { type: 'registration', email: 'zoe@correo.cl', ...(ads === null ? {} : { consent: { ads } }) };
    const reading = taken({ visitorId: VISITOR, events: [pageEvent(fields)] }, { isPrivacyControlOn }, visitConnection(country));
    const [visit] = reading.visits;
    expect([visit?.visitorId !== null, visit?.personal !== null, visit?.people.length === 1]).toEqual([isKept, isKept, isKept]);
    expect([reading.setCookie !== null, reading.shown.length === 1]).toEqual([isKept, isKept]);
    expect(visit?.event.personalFields.length).toBe(isKept ? 5 : 0);
    expect(visit?.event.consent).toBe(isPrivacyControlOn ? 'denied' : (ads ?? 'unknown'));
  });

  it('of the body holds for events that say nothing, of the event for itself', () => {
    const events = [pageEvent({ eventId: 'a' }), pageEvent({ eventId: 'b', consent: { ads: 'granted' } })];
    const { visits } = taken({ visitorId: VISITOR, consent: { ads: 'denied' }, events });
    expect(visits.map(({ event: { consent }, visitorId }) => [consent, visitorId])).toEqual([
      ['denied', null],
      ['granted', VISITOR],
    ]);
  });

  it('that is withdrawn keeps the visitor of the withdrawal and takes the cookie back', () => {
    const body = { consent: { ads: 'denied' }, events: [pageEvent({ type: 'consent' })] };
    const { visits, setCookie } = taken(body, { cookies: `_ttoaid=${VISITOR}` });
    expect(visits).toMatchObject([{ visitorId: VISITOR, personal: null, event: { type: 'ConsentChanged', consent: 'denied' } }]);
    expect(setCookie).toBe('_ttoaid=; Domain=shop.example; Path=/; Max-Age=0; Secure; SameSite=Lax');
  });

  it.each(['yes', { ads: 'yes' }, { ads: true }, 1])('%j is no answer', (consent) => {
    expect(read({ consent })).toMatchObject({ kind: 'refused', detail: 'consent.ads is not an answer' });
    expect(refusalOf({ consent })).toMatchObject({ code: 'invalid-field', detail: 'consent.ads is not an answer' });
  });
});

describe('the click id', () => {
  const CLICK = 'https://www.shop.example/?ttclid=E.C.P.url';
  const clickOf = (fields: object, body: object = {}, request: Partial<BrowserRequest> = {}): unknown => {
    const { personal } = first({ visitorId: VISITOR, ...body, events: [pageEvent(fields)] }, request);
    return [personal?.ttclid, personal?.ttclidAt];
  };
  const KEPT = { ttclid: 'E.C.P.kept', ttclidAt: '2026-11-20T10:00:00Z' };
  const KEPT_AT = Date.parse(KEPT.ttclidAt);

  it.each([
    ['of the address, now', { url: CLICK }, KEPT, {}, ['E.C.P.url', VISITED_AT]],
    ['of the address, since it was kept', { url: CLICK }, { ...KEPT, ttclid: 'E.C.P.url' }, {}, ['E.C.P.url', KEPT_AT]],
    ['of a referrer on the same host', { referrer: CLICK }, {}, {}, ['E.C.P.url', VISITED_AT]],
    ['not of a referrer elsewhere', { referrer: 'https://elsewhere.example/?ttclid=x' }, KEPT, {}, ['E.C.P.kept', KEPT_AT]],
    ['as it was kept', {}, KEPT, {}, ['E.C.P.kept', KEPT_AT]],
    ['of its cookie, of an unknown time', {}, {}, { cookies: 'ttclid=E.C.P.cookie' }, ['E.C.P.cookie', null]],
    ['nothing', {}, { ttclid: 'a b' }, {}, ['', null]],
  ])('is %s', (_, fields, body, request, expected) => expect(clickOf(fields, body, request)).toEqual(expected));
});

describe('an event', () => {
  it.each([
    [{ eventId: 'a b' }, 'eventId is not an event id'],
    [{ eventId: 'zoe@correo.cl' }, 'eventId is not an event id'],
    [{ eventId: 7 }, 'eventId is not an event id'],
    [{ type: 'Page View' }, 'type is not an event type'],
    [{ type: '__proto__' }, 'type is not an event type'],
    [{ occurredAt: 'yesterday' }, 'occurredAt is not a moment'],
    [{ occurredAt: -1 }, 'occurredAt is not a moment'],
    [{ url: undefined }, 'url is not an http address'],
    [{ url: 'javascript:alert(1)' }, 'url is not an http address'],
    [{ url: `https://shop.example/${'x'.repeat(8_000)}` }, 'url is not an http address'],
    [{ type: 'lead', value: 'much' }, 'value is not a decimal number'],
    [{ type: 'lead', value: -1 }, 'value is not a decimal number'],
    [{ type: 'lead', value: 1e21 }, 'value is not a decimal number'],
    [{ type: 'lead', currency: 'CL$' }, 'currency is not a currency code'],
    [{ type: 'lead', contentType: 'thing' }, 'contentType is neither product nor product_group'],
    [{ type: 'lead', contents: {} }, 'contents is not a list'],
    [{ type: 'lead', contents: [7] }, 'contents[0] is not an object'],
    [{ type: 'lead', contents: [{ contentId: 'a' }, { name: 'x' }] }, 'contents[1].contentId is missing'],
    [{ type: 'lead', contents: [{ contentId: 1, price: {} }] }, 'contents[0].price is not a decimal number'],
    [{ type: 'lead', contents: Array.from({ length: 201 }, () => ({ contentId: 'a' })) }, 'contents has more than 200 elements'],
    [{ type: 'purchase_shown' }, 'orderId is not an id'],
    [{ type: 'purchase_shown', orderId: '0' }, 'orderId is not an id'],
    [{ type: 'purchase_shown', orderId: '1', isPaid: 'yes' }, 'isPaid is neither true nor false'],
  ])('with %j is refused: %s', (fields, detail) => {
    expect(refusalOf(fields)).toMatchObject({ status: 'rejected', code: 'invalid-field', detail });
  });

  it.each([
    ['7 days ago less a moment', -7 * 86_400_000, 'accepted'],
    ['longer ago', -7 * 86_400_000 - 1, 'event-too-old'],
    ['10 minutes ahead', 600_000, 'accepted'],
    ['further ahead', 600_001, 'event-in-the-future'],
  ])('of %s', (_, offsetMs, expected) => {
    const [result] = taken({ events: [pageEvent({ occurredAt: new Date(VISITED_AT + offsetMs).toISOString() })] }).results;
    expect(result?.code ?? result?.status).toBe(expected);
  });

  it('keeps what names somebody only in its sealed part', () => {
    const url = 'https://zoe:secret@www.shop.example/baja/zoe@correo.cl/x?email=zoe@correo.cl';
    const { event: clear, personal } = event({
      type: 'search',
      url,
      searchText: 'zoe@correo.cl',
      properties: { mail: 'zoe@correo.cl', n: 1 },
    });
    expect(JSON.stringify(clear)).not.toContain('correo');
    expect(clear).toMatchObject({ pageHost: 'www.shop.example', pagePath: '/baja/*/x' });
    expect(personal).toMatchObject({
      url: 'https://www.shop.example/baja/zoe@correo.cl/x?email=zoe@correo.cl',
      searchText: 'zoe@correo.cl',
      properties: { mail: 'zoe@correo.cl', n: '1' },
    });
  });

  it('is a bot’s where its program says so, whatever it holds', () => {
    const { results, visits } = taken({ events: [pageEvent(), null] }, { isBot: true });
    expect(results.map(({ code }) => code)).toEqual(['bot', 'invalid-field']);
    expect(visits).toEqual([]);
  });

  it('is a duplicate within its request and where it is known', () => {
    const events = ['a', 'a', 'b'].map((eventId) => pageEvent({ eventId }));
    const reading = readCollect({ events }, visitConnection(), browserRequest(), { ...PORTS, isKnown: (eventId) => eventId === 'b' });
    expect(reading).toMatchObject({ results: [{ status: 'accepted' }, { status: 'duplicate' }, { status: 'duplicate' }] });
  });
});

describe('a request', () => {
  it.each([
    [{ events: undefined }, 'invalid-field'],
    [{ events: [] }, 'invalid-field'],
    [{ events: { length: 5 } }, 'invalid-field'],
    [{ events: Array.from({ length: 101 }, () => pageEvent()) }, 'too-many-events'],
  ])('%# is refused as a whole', (body, reason) => expect(read(body)).toMatchObject({ kind: 'refused', reason }));
});
