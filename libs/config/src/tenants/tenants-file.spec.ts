import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import { connectionKinds } from './connection-kinds.js';
import { readTenantBody, readTenantsFile, type FileReading } from './tenants-file.js';
import type { Resolved, SecretReference } from './secret-references.js';

const fixture = (name: string): string => readFileSync(join(__dirname, '../../../../test/fixtures/tenants', name), 'utf8');
const environment: Record<string, string> = { ACME_TIKTOK_TOKEN: 'token-from-the-environment' };
const resolve = ({ from, name }: SecretReference): Resolved => {
  const value = from === 'env' ? environment[name] : undefined;
  return value === undefined ? { problem: `the variable ${name} is not set` } : { value };
};
const read = (text: string): FileReading => readTenantsFile(text, resolve);
const problemsOf = (reading: { kind: string }): Record<string, string> =>
  Object.fromEntries(
    ((reading as { problems?: { path: string; message: string }[] }).problems ?? []).map(({ path, message }) => [path, message]),
  );

const shop = (fields: object = {}): object => ({ id: 'shop', kind: 'woocommerce', storeUrl: 'https://shop.example', ...fields });
const ads = (fields: object = {}): object => ({ id: 'ads', kind: 'tiktok', pixelCode: 'P1', accessToken: 'secret-token', ...fields });
const tenant = (...connections: object[]): object => ({ id: 'acme', name: 'Acme', connections });
const file = (...tenants: object[]): FileReading => read(JSON.stringify({ tenants }));

describe('a tenants file that is right', () => {
  it('is read as a whole, defaults filled, secrets apart', () => {
    const reading = read(fixture('acme.yaml'));
    expect(problemsOf(reading)).toEqual({});
    if (reading.kind !== 'read') throw new Error('refused');
    const [acme] = reading.tenants;
    expect(acme?.tenant).toMatchObject({ id: 'acme', name: 'Acme', state: 'active', defaultCountry: 'CL' });
    const [first, web, pixel] = acme?.tenant.connections ?? [];
    expect(first?.settings).toEqual({
      storeUrl: 'https://shop.example',
      polling: { enabled: true, refreshIntervalSeconds: 60, historyDays: 30, resources: [] },
      webhooks: { manage: true, resources: ['orders'] },
      country: 'CL',
      weightUnit: null,
      consent: { required: 'auto' },
    });
    expect(first?.secrets).toMatchObject({
      webhookSecret: ['new-webhook-secret', 'old-webhook-secret'],
      webhookToken: 'address-of-the-shop-of-acme',
    });
    expect(web).toMatchObject({ kind: 'visits', settings: { shop: 'shop', allowedOrigins: ['https://shop.example'] } });
    expect(pixel?.secrets).toEqual({ accessToken: 'token-from-the-environment' });
    expect(canonicalJson(pixel?.settings)).not.toContain('token-from-the-environment');
    expect(acme?.body).toMatchObject({ connections: [{}, {}, { accessToken: 'token-from-the-environment' }] });
  });

  it('takes a shop that only sends webhooks and leaves out everything with a default', () => {
    const reading = file(tenant(shop()), { id: 'bare' });
    if (reading.kind !== 'read') throw new Error('refused');
    expect(reading.tenants.map(({ tenant: each }) => each)).toMatchObject([
      {
        connections: [
          { secrets: {}, settings: { polling: { enabled: true, refreshIntervalSeconds: 60, historyDays: 30, resources: [] } } },
        ],
      },
      { id: 'bare', name: 'bare', state: 'active', defaultCountry: null, connections: [] },
    ]);
  });

  it('says the same when its settings are read again', () => {
    const reading = read(fixture('acme.yaml'));
    if (reading.kind !== 'read') throw new Error('refused');
    for (const { kind, settings } of reading.tenants.flatMap(({ tenant: each }) => each.connections)) {
      expect(
        connectionKinds()
          .find((known) => known.kind === kind)
          ?.settings.parse(settings),
      ).toEqual(settings);
    }
  });
});

describe('a tenants file that is wrong', () => {
  it('is refused with every problem, its path and its line', () => {
    const reading = read(fixture('wrong.yaml'));
    if (reading.kind !== 'refused') throw new Error('was read');
    expect(reading.problems.map(({ path, line }) => `${line} ${path}`)).toEqual([
      '1 version',
      '3 tenants[0].id',
      '4 tenants[0].name',
      '5 tenants[0].state',
      '6 tenants[0].defaultCountry',
      '7 tenants[0].owner',
      '11 tenants[0].connections[0].storeUrl',
      '12 tenants[0].connections[0].webhookToken',
      '13 tenants[0].connections[0].webhookSecret',
      '14 tenants[0].connections[0].polling.enabled',
      '14 tenants[0].connections[0].polling.refreshIntervalSeconds',
      '15 tenants[0].connections[0].country',
      '16 tenants[0].connections[0].consumerkey',
      '17 tenants[0].connections[1].id',
      '19 tenants[0].connections[1].shop',
      '20 tenants[0].connections[1].allowedOrigins[0]',
      '21 tenants[0].connections[2].testEventCode',
      '23 tenants[0].connections[2].sources[1]',
      '24 tenants[0].connections[2].pixelCode',
      '27 tenants[0].connections[2].purchase.when',
      '29 tenants[0].connections[2].purchase.eventId',
      '31 tenants[0].connections[3].kind',
      '35 tenants[1].connections[1].webhookToken',
      '36 tenants[1].connections[2].purchase.eventId',
      '37 tenants[2].id',
    ]);
    const messages = problemsOf(reading);
    expect(messages['tenants[0].connections[3].kind']).toMatch(/^is not a kind of connection; there are .*trackingtech/);
    expect(messages['tenants[0].connections[2].pixelCode']).toBe('must be a text: put it in quotes');
    expect(messages['tenants[0].connections[2].purchase.when']).toBe('must be one of paid, placed, completed');
    expect(messages['tenants[0].connections[0].webhookSecret']).toBe('the variable NOT_SET_ANYWHERE is not set');
  });

  it('quotes no secret', () => {
    const text = JSON.stringify(
      file(tenant(shop({ webhookToken: 'short!secret', webhookSecret: ['a', '', 'secret3'] }), ads({ accessToken: 'has a blank' }))),
    );
    for (const secret of ['short!secret', 'secret3', 'has a blank']) expect(text).not.toContain(secret);
    expect(text).toContain('accessToken');
  });

  it.each([
    ['not YAML at all', 'tenants: [', 'is not YAML'],
    ['an alias', 'tenants: [&a {id: a}, *a]', 'uses a YAML alias'],
    ['an empty text', '', 'must be a map with a list «tenants»'],
    ['a list', '[]', 'must be a map with a list «tenants»'],
  ])('is refused when it is %s', (_what, text, message) => {
    const reading = read(text);
    expect(reading.kind === 'refused' && reading.problems[0]?.message).toContain(message);
  });

  it('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ tenants: [{ id: 'a', connections: [value] }] })),
        ),
        (text) => {
          expect(['read', 'refused']).toContain(read(text).kind);
        },
      ),
    );
  });
});

describe('rules between connections', () => {
  it('takes sources only from shops and visits of the tenant', () => {
    expect(problemsOf(file(tenant(shop(), ads({ sources: ['shop', 'blog', 'ads', 'shop'] }))))).toEqual({
      'tenants[0].connections[1].sources[1]': 'there is no shop or visits connection blog in this tenant',
      'tenants[0].connections[1].sources[2]': 'there is no shop or visits connection ads in this tenant',
      'tenants[0].connections[1].sources[3]': 'names shop twice',
    });
  });

  it('refuses two shops on one pixel unless event ids name the shop', () => {
    const two = [shop(), shop({ id: 'shop-two', storeUrl: 'https://two.example' })];
    expect(Object.keys(problemsOf(file(tenant(...two, ads()))))).toEqual(['tenants[0].connections[2].purchase.eventId']);
    expect(problemsOf(file(tenant(...two, ads({ sources: ['shop'] }))))).toEqual({});
    expect(problemsOf(file(tenant(...two, ads({ purchase: { eventId: '{connection}_{orderId}' } }))))).toEqual({});
    expect(Object.keys(problemsOf(file(tenant(...two, ads({ purchase: { eventId: '{connection}{orderId}' } })))))).toEqual([
      'tenants[0].connections[2].purchase.eventId',
    ]);
  });

  it('refuses two shops on one pixel through two connections of one mode', () => {
    const two = [shop(), shop({ id: 'shop-two', storeUrl: 'https://two.example' }), ads({ sources: ['shop'] })];
    expect(Object.keys(problemsOf(file(tenant(...two, ads({ id: 'more', sources: ['shop-two'] })))))).toEqual([
      'tenants[0].connections[2].purchase.eventId',
      'tenants[0].connections[3].purchase.eventId',
    ]);
    expect(problemsOf(file(tenant(...two, ads({ id: 'more', sources: ['shop-two'], pixelCode: 'P2' }))))).toEqual({});
    expect(problemsOf(file(tenant(...two, ads({ id: 'more', sources: ['shop-two'], mode: 'test', testEventCode: 'T1' }))))).toEqual({});
  });

  it('refuses one shop that reaches a pixel twice', () => {
    expect(Object.keys(problemsOf(file(tenant(shop(), ads(), ads({ id: 'more' })))))).toEqual(['tenants[0].connections[2].sources']);
  });

  it('wants a test event code in test mode', () => {
    expect(Object.keys(problemsOf(file(tenant(shop(), ads({ mode: 'test' })))))).toEqual(['tenants[0].connections[1].testEventCode']);
  });

  it('refuses two tenants on one pixel unless no two of their event ids can be equal', () => {
    const shared = { purchase: { eventId: '{connection}_{orderId}' } };
    const beta = (...connections: object[]): object => ({ id: 'beta', connections });
    expect(problemsOf(file(tenant(shop(), ads()), beta(shop(), ads())))).toEqual({
      'tenants[1].connections[1].pixelCode': expect.stringContaining('is that of connection ads of tenant acme already'),
    });
    expect(Object.keys(problemsOf(file(tenant(shop(), ads(shared)), beta(shop(), ads(shared)))))).toHaveLength(1);
    expect(Object.keys(problemsOf(file(tenant(shop(), ads(shared)), beta(shop({ id: 'blog' }), ads()))))).toHaveLength(1);
    expect(problemsOf(file(tenant(shop(), ads(shared)), beta(shop({ id: 'blog' }), ads(shared))))).toEqual({});
    expect(problemsOf(file(tenant(shop(), ads()), beta(shop(), ads({ mode: 'test', testEventCode: 'T1' }))))).toEqual({});
    expect(problemsOf(file(tenant(shop(), ads()), beta(shop(), ads({ pixelCode: 'P2' }))))).toEqual({});
  });

  it('wants every webhook address once in the installation', () => {
    const token = { webhookToken: 'the-same-address-twice' };
    const reading = file(tenant(shop(token)), { id: 'other', connections: [shop(token)] });
    expect(problemsOf(reading)).toEqual({
      'tenants[1].connections[0].webhookToken': 'is that of connection shop of tenant acme too: arrivals could not be told apart',
    });
  });
});

describe('the body of a PUT', () => {
  it('is a tenant’s entry, or a file with that one tenant', () => {
    for (const body of [tenant(shop()), { tenants: [tenant(shop())] }, { name: 'Acme', connections: [shop()] }]) {
      expect(readTenantBody(body, 'acme')).toMatchObject({ kind: 'read', tenant: { id: 'acme', connections: [{ id: 'shop' }] } });
    }
  });

  it('must be about the tenant of the address', () => {
    expect(problemsOf(readTenantBody(tenant(), 'other'))).toEqual({ id: 'must be other, as in the address' });
    expect(Object.keys(problemsOf(readTenantBody({ tenants: [tenant(), tenant()] }, 'acme')))).toContain('tenants');
  });

  it('names no variables and files', () => {
    expect(
      Object.keys(problemsOf(readTenantBody(tenant(shop({ webhookSecret: ['env:A'] }), ads({ accessToken: 'file:/etc/passwd' })), 'acme'))),
    ).toEqual(['connections[0].webhookSecret', 'connections[1].accessToken']);
  });

  it.each([[null], ['text'], [[]], [{ connections: {} }], [{ connections: [null] }], [{ name: 'a\0b' }]])(
    'is refused when it is %j',
    (body) => {
      expect(readTenantBody(body, 'acme').kind).toBe('refused');
    },
  );
});
