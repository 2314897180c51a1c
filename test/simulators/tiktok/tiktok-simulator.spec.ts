import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultOrder } from './faults.ts';
import { checkRequest } from './request-checks.ts';
import { conforms } from './request-schema.ts';
import { startTiktokSimulator, type TiktokSimulator } from './tiktok-simulator.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const HOUR_MS = 3_600_000;

const purchase = (fields: object = {}): Record<string, unknown> => ({
  event: 'Purchase',
  event_time: 1795168800,
  event_id: 'wc_order_1001',
  user: { email: sha256('maria.perez@example.com'), external_id: [sha256('v-1')], ip: '203.0.113.9', city: 'santiago' },
  page: { url: 'https://shop.example/?utm_source=tiktok' },
  properties: {
    value: 45815,
    currency: 'CLP',
    contents: [{ content_id: 'MUG', content_name: 'Mug', price: 18000, quantity: 2 }],
    content_type: 'product',
    num_items: 2,
    order_id: '1001',
  },
  ...fields,
});
const withProperties = (fields: object) => purchase({ properties: { ...(purchase()['properties'] as object), ...fields } });
const body = (...data: readonly unknown[]) => ({ event_source: 'web', event_source_id: 'PIXEL1', data });

describe('what the documentation allows', () => {
  it.each<[string, object]>([
    ['a Purchase', body(purchase())],
    ['a thousand events', body(...Array.from({ length: 1000 }, () => purchase()))],
    ['a test event', { ...body(purchase()), test_event_code: 'TEST1' }],
    ['a Purchase without amounts, for a currency that is not taken', body(withProperties({ value: undefined, currency: undefined }))],
    ['a free order', body(withProperties({ value: 0 }))],
    ['a page view', body({ event: 'Pageview', event_time: 1795168800, event_id: 'e-1' })],
    ['an event of the tenant’s own', body({ event: 'QuizFinished', event_time: 1795168800, event_id: 'e-1' })],
  ])('takes %s', (_what, request) => {
    expect(checkRequest(JSON.parse(JSON.stringify(request)), '')).toBeNull();
    expect(conforms(JSON.parse(JSON.stringify(request)), '')).toBeNull();
  });
});

describe('what the documentation refuses', () => {
  const hashOfNothing = sha256('');
  it.each<[string, number, object]>([
    ['data: expected an array with at least one item', 40002, body()],
    ['data: at most 1000 items are allowed', 40002, body(...Array.from({ length: 1001 }, () => purchase()))],
    ['event_source_id: must not be empty', 40002, { ...body(purchase()), event_source_id: '' }],
    ['event_source: expected one of', 40002, { ...body(purchase()), event_source: 'browser' }],
    ['partner_name: unknown parameter', 40002, { ...body(purchase()), partner_name: 'x' }],
    ['data.0.event_name: unknown parameter', 40002, body({ ...purchase(), event: undefined, event_name: 'Purchase' })],
    ['data.0.event: missing', 40002, body(purchase({ event: undefined }))],
    ['data.0.event: event names are case-sensitive', 40002, body(purchase({ event: 'purchase' }))],
    ['data.0.event: this event is retired', 40002, body(purchase({ event: 'CompletePayment' }))],
    ['data.0.event_time: expected an integer', 40002, body(purchase({ event_time: 1795168800.5 }))],
    ['data.0.event_time: expected an integer', 40002, body(purchase({ event_time: '2026-11-20T10:00:00Z' }))],
    ['data.0.event_time: is in milliseconds', 40002, body(purchase({ event_time: 1795168800900 }))],
    ['data.1.event_id: expected a string', 40002, body(purchase(), purchase({ event_id: 1001 }))],
    ['data.0.test_event_code: unknown parameter', 40002, body(purchase({ test_event_code: 'T' }))],
    ['data.0.user: must not be empty', 40002, body(purchase({ user: {} }))],
    ['data.0.user.email: must be hashed', 40062, body(purchase({ user: { email: 'maria.perez@example.com' } }))],
    ['data.0.user.phone: must be hashed', 40062, body(purchase({ user: { phone: '+56987654321' } }))],
    ['data.0.user.first_name: must be hashed', 40062, body(purchase({ user: { first_name: sha256('maría').toUpperCase() } }))],
    ['data.0.user.external_id.0: is the hash of 0', 40002, body(purchase({ user: { external_id: [sha256('0')] } }))],
    ['data.0.user.email: is the hash of nothing', 40002, body(purchase({ user: { email: hashOfNothing } }))],
    ['data.0.user.phone_number: unknown parameter', 40002, body(purchase({ user: { phone_number: sha256('+1') } }))],
    ['data.0.user.ttp: must not be empty', 40002, body(purchase({ user: { ttp: '' } }))],
    ['data.0.user.ip: expected a public IP address', 40002, body(purchase({ user: { ip: '192.168.1.1' } }))],
    ['data.0.user.city: expected lower case', 40002, body(purchase({ user: { city: 'Viña del Mar' } }))],
    ['data.0.page.url: expected a full URL', 40002, body(purchase({ page: { url: '/mug' } }))],
    [
      'data.0.page.url: holds a mail address',
      40062,
      body(purchase({ page: { url: 'https://shop.example/?e=maria.perez%40example.com' } })),
    ],
    ['data.0.properties.value: expected a number', 40002, body(withProperties({ value: '45815' }))],
    ['data.0.properties.currency: expected one of', 40002, body(withProperties({ currency: 'clp' }))],
    ['data.0.properties: value and currency go together', 40002, body(withProperties({ currency: undefined }))],
    ['data.0.properties.order_id: expected a string', 40002, body(withProperties({ order_id: 1001 }))],
    ['data.0.properties.order_id: missing required parameter of Purchase', 40002, body(withProperties({ order_id: undefined }))],
    ['data.0.properties.contents: missing required parameter of Purchase', 40002, body(withProperties({ contents: undefined }))],
    [
      'data.0.properties.contents.0.content_id: expected a string',
      40002,
      body(withProperties({ contents: [{ content_id: 14, quantity: 1 }] })),
    ],
    [
      'data.0.properties.contents.0.price: expected a number',
      40002,
      body(withProperties({ contents: [{ content_id: 'A', price: '1', quantity: 1 }] })),
    ],
    [
      'data.0.properties.contents.0.quantity: expected an integer',
      40002,
      body(withProperties({ contents: [{ content_id: 'A', quantity: 1.5 }] })),
    ],
    ['data.0.properties.contents.0.quantity: missing', 40002, body(withProperties({ contents: [{ content_id: 'A' }] }))],
    [
      'data.0.properties.contents.0.content_type: unknown',
      40002,
      body(withProperties({ contents: [{ content_id: 'A', quantity: 1, content_type: 'product' }] })),
    ],
  ])('%s (%d)', (message, code, request) => {
    const refusal = checkRequest(JSON.parse(JSON.stringify(request)), '');
    expect(refusal).toMatchObject({ code });
    expect(refusal?.message).toContain(message);
  });
});

describe('the JSON Schema of the request refuses', () => {
  const withUser = (fields: object) => purchase({ user: fields });
  it.each<[string, string, object]>([
    ['an unknown field at the top', 'body: does not conform', { ...body(purchase()), partner_name: 'x' }],
    ['no event at all', 'data: does not conform', body()],
    ['more than a thousand', 'data: does not conform', body(...Array.from({ length: 1001 }, () => purchase()))],
    ['the name under another key', 'data.0: does not conform', body({ ...purchase(), event: undefined, event_name: 'Purchase' })],
    ['a retired event', 'data.0.event: does not conform', body(purchase({ event: 'CompletePayment' }))],
    ['milliseconds', 'data.0.event_time: does not conform', body(purchase({ event_time: 1795168800900 }))],
    ['a date', 'data.0.event_time: does not conform', body(purchase({ event_time: '2026-11-20T10:00:00Z' }))],
    ['a number as event id', 'data.0.event_id: does not conform', body(purchase({ event_id: 1001 }))],
    ['a mail address in clear', 'data.0.user.email: does not conform', body(withUser({ email: 'maria.perez@example.com' }))],
    ['a hash in capitals', 'data.0.user.email: does not conform', body(withUser({ email: sha256('a').toUpperCase() }))],
    ['one person’s id twice', 'data.0.user.external_id: does not conform', body(withUser({ external_id: [sha256('a'), sha256('a')] }))],
    ['the browser’s name of the phone', 'data.0.user: does not conform', body(withUser({ phone_number: sha256('+56') }))],
    ['an empty user', 'data.0.user: does not conform', body(withUser({}))],
    ['a city with a space', 'data.0.user.city: does not conform', body(withUser({ city: 'san antonio' }))],
    ['an empty text', 'data.0.user.ttclid: does not conform', body(withUser({ ttclid: '' }))],
    ['a page without a host', 'data.0.page.url: does not conform', body(purchase({ page: { url: '/mug' } }))],
    ['a mail address in a URL', 'data.0.page.url: does not conform', body(purchase({ page: { url: 'https://shop.example/?x=a%40b.c' } }))],
    ['a value without currency', 'data.0.properties: does not conform', body(withProperties({ currency: undefined }))],
    ['a currency that is not taken', 'data.0.properties.currency: does not conform', body(withProperties({ currency: 'BYN' }))],
    ['a value as text', 'data.0.properties.value: does not conform', body(withProperties({ value: '45815' }))],
    ['a Purchase without contents', 'data.0.properties: does not conform', body(withProperties({ contents: undefined }))],
    [
      'a content without quantity',
      'data.0.properties.contents.0: does not conform',
      body(withProperties({ contents: [{ content_id: 'A' }] })),
    ],
    ['a Purchase without properties', 'data.0: does not conform', body(purchase({ properties: undefined }))],
    ['a Search without its words', 'data.0: does not conform', body({ event: 'Search', event_time: 1795168800, event_id: 'e-1' })],
    ['a limit that is no yes or no', 'data.0.limited_data_use: does not conform', body(purchase({ limited_data_use: 'true' }))],
  ])('%s', (_what, message, request) => {
    expect(conforms(JSON.parse(JSON.stringify(request)), '')?.message).toContain(message);
  });
});

const OWN_TOKEN = { 'Access-Token': 'token-1' };

describe('the server', () => {
  let simulator: TiktokSimulator;
  let now = Date.parse('2026-11-20T10:00:00Z');
  const folder = mkdtempSync(join(tmpdir(), 'tiktok-simulator-'));
  const options = {
    pixels: [
      { code: 'PIXEL1', accessToken: 'token-1' },
      { code: 'PIXEL2', accessToken: 'token-2' },
    ],
    now: () => now,
    stateFile: join(folder, 'state.jsonl'),
  };

  beforeEach(async () => {
    simulator = await startTiktokSimulator(options);
    simulator.control.reset();
  });
  afterEach(() => simulator.stop());
  afterAll(() => rmSync(folder, { recursive: true }));

  const post = (request: unknown, headers: Record<string, string> = OWN_TOKEN, path = '/open_api/v1.3/event/track/') =>
    fetch(`${simulator.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof request === 'string' ? request : JSON.stringify(request),
      signal: AbortSignal.timeout(1_000),
    });
  const send = async (...args: Parameters<typeof post>): Promise<Record<string, unknown>> => {
    const response = await post(...args);
    return { status: response.status, ...((await response.json()) as object) };
  };
  const order = (id: string) => purchase({ event_id: id });
  const taken = () => simulator.received().accepted.map(({ eventId }) => eventId);

  it('takes events and tells what it took, without the token', async () => {
    expect(await send(body(order('a'), order('b')))).toMatchObject({ status: 200, code: 0, message: 'OK', request_id: expect.any(String) });
    const received = (await (await fetch(`${simulator.url}/_control/received`)).json()) as object;
    expect(received).toMatchObject({
      counts: { requests: 1, accepted: 2, duplicates: 0 },
      requests: [{ outcome: 'accepted', code: 0, eventIds: ['a', 'b'] }],
      accepted: [{ pixel: 'PIXEL1', event: 'Purchase', eventId: 'a' }, { eventId: 'b' }],
    });
    expect(JSON.stringify(received)).not.toContain('token-1');
  });

  it('refuses a whole request for one bad event', async () => {
    expect(await send(body(order('a'), purchase({ event_id: 7 })))).toMatchObject({
      status: 200,
      code: 40002,
      message: 'data.1.event_id: expected a string',
    });
    expect(taken()).toEqual([]);
  });

  const wrong: readonly { what: string; code: number; request?: unknown; headers?: Record<string, string>; path?: string }[] = [
    { what: 'no token', code: 40104, headers: {} },
    { what: 'a wrong token', code: 40105, headers: { 'Access-Token': 'nope' } },
    { what: 'another token’s pixel', code: 40001, headers: { 'Access-Token': 'token-2' } },
    { what: 'an unknown pixel', code: 40001, request: { ...body(purchase()), event_source_id: 'PIXEL9' } },
    { what: 'text', code: 40000, request: 'not json' },
    { what: 'a form', code: 40002, headers: { 'Access-Token': 'token-1', 'Content-Type': 'text/plain' } },
    { what: 'no slash at the end', code: 40400, path: '/open_api/v1.3/event/track' },
  ];
  it.each(wrong)('refuses $what with $code', async ({ code, request = body(purchase()), headers, path }) => {
    expect(await send(request, headers, path)).toMatchObject({ status: 200, code });
  });

  it('counts pixel + event + event id once in 48 hours, and says nothing about it', async () => {
    await send(body(order('a')));
    now += 47 * HOUR_MS;
    expect(await send(body(order('a')))).toMatchObject({ code: 0 });
    await send({ ...body(order('a')), event_source_id: 'PIXEL2' }, { 'Access-Token': 'token-2' });
    await send({ ...body(order('a')), test_event_code: 'T' });
    expect(simulator.received().counts).toEqual({ requests: 4, accepted: 3, duplicates: 1 });
    now += HOUR_MS;
    await send(body(order('a')));
    expect(simulator.received().counts).toMatchObject({ accepted: 4, duplicates: 1 });
  });

  it('still knows what it counted after a restart', async () => {
    await send(body(order('a')));
    await simulator.stop();
    simulator = await startTiktokSimulator(options);
    await send(body(order('a'), order('b')));
    expect(simulator.received().counts).toEqual({ requests: 1, accepted: 2, duplicates: 1 });
  });

  it.each<[FaultOrder, object, readonly string[]]>([
    [{ kind: 'throttle' }, { status: 200, code: 40100 }, []],
    [{ kind: 'internal-error' }, { status: 200, code: 50000 }, []],
    [{ kind: 'bad-credential' }, { status: 200, code: 40105 }, []],
    [{ kind: 'partial' }, { status: 200, code: 20001 }, ['a']],
    [{ kind: 'refuse-event', eventIds: ['b'] }, { status: 200, code: 40002, message: 'data.1.properties: invalid parameter' }, []],
    [{ kind: 'refuse-event', eventIds: ['b'], hidesPath: true }, { message: 'invalid parameter' }, []],
  ])('answers %j', async (fault, expected, counted) => {
    simulator.control.fail(fault);
    expect(await send(body(order('a'), order('b')))).toMatchObject(expected);
    expect(taken()).toEqual(counted);
    expect(simulator.received().requests[0]?.outcome).toBe(fault.kind);
  });

  it.each<[FaultOrder, number, string | null, readonly string[]]>([
    [{ kind: 'too-many-requests', retryAfterSeconds: 7 }, 429, '7', []],
    [{ kind: 'http-error' }, 500, null, []],
    [{ kind: 'http-error', status: 503, accepts: true }, 503, null, ['a']],
    [{ kind: 'html' }, 502, null, []],
    [{ kind: 'html', status: 200, accepts: true }, 200, null, ['a']],
  ])('answers %j without a code', async (fault, status, retryAfter, counted) => {
    simulator.control.fail(fault);
    const response = await post(body(order('a')));
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(await response.text()).not.toContain('"code"');
    expect(taken()).toEqual(counted);
  });

  it.each<[FaultOrder['kind'], readonly string[]]>([
    ['hang-before-accepting', []],
    ['hang-after-accepting', ['a']],
    ['cut-before-accepting', []],
    ['cut-after-accepting', ['a']],
  ])('%s: no answer, counted %j', async (kind, counted) => {
    simulator.control.fail({ kind });
    await expect(post(body(order('a')))).rejects.toThrow(/fetch failed|timeout/);
    expect(taken()).toEqual(counted);
  });

  it('fails for as many requests as it was told, then works', async () => {
    simulator.control.fail({ kind: 'internal-error', times: 2 });
    const codes = [await send(body(order('a'))), await send(body(order('a'))), await send(body(order('a')))].map(({ code }) => code);
    expect(codes).toEqual([50000, 50000, 0]);
  });

  it('fails only for the events it was told', async () => {
    simulator.control.fail({ kind: 'internal-error', eventIds: ['b'] });
    expect((await send(body(order('a'))))['code']).toBe(0);
    expect((await send(body(order('b'))))['code']).toBe(50000);
  });

  it('is told over HTTP as well', async () => {
    const admin = async (method: string, path: string, order?: object): Promise<number> =>
      (await fetch(`${simulator.url}/_control/${path}`, { method, ...(order === undefined ? {} : { body: JSON.stringify(order) }) }))
        .status;
    expect(await admin('POST', 'faults', { kind: 'throttle', times: null })).toBe(201);
    expect((await send(body(order('a'))))['code']).toBe(40100);
    expect(await admin('DELETE', 'faults')).toBe(200);
    expect(await admin('POST', 'latency', { latencyMs: 5 })).toBe(200);
    expect((await send(body(order('a'))))['code']).toBe(0);
    expect(await admin('POST', 'faults', { kind: 'sulk' })).toBe(400);
    expect(await admin('POST', 'faults', { kind: 'throttle', times: 0 })).toBe(400);
    expect(await admin('POST', 'reset')).toBe(200);
    expect(await (await fetch(`${simulator.url}/_control/counts`)).json()).toEqual({ requests: 0, accepted: 0, duplicates: 0 });
  });

  it('shows a person what it received, and runs nothing that was sent', async () => {
    await send(body(purchase({ event_id: '<script>' })));
    const page = await (await fetch(simulator.url)).text();
    expect(page).toContain('&#60;script&#62;');
    expect(page).not.toContain('<script>');
  });
});
