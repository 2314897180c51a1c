import { readInstanceAuthorization } from './instance-authorization.js';
import { readInstanceBody, type InstanceRequest } from './instance-body.js';

const CONFIGURATION = {
  'store.url': 'https://shop.example/',
  'oauth.api.key': 'ck_0123',
  'oauth.api.secret': 'cs_0123',
};
const body = (configuration: object = {}, rest: object = {}): object => ({
  element: { key: 'woocommercerest' },
  name: 'Shop of Acme',
  configuration: { ...CONFIGURATION, ...configuration },
  ...rest,
});
function read(given: unknown): InstanceRequest {
  const reading = readInstanceBody(given);
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.problems));
  return reading.request;
}
const problems = (given: unknown): Record<string, string> => {
  const reading = readInstanceBody(given);
  return reading.kind === 'read' ? {} : Object.fromEntries(reading.problems.map(({ path, message }) => [path, message]));
};

const POLLING = {
  'event.notification.enabled': true,
  'event.vendor.type': 'polling',
  'event.notification.callback.url': 'https://app.example/events',
  'event.notification.signature.key': 'a-signature-key',
  'event.poller.refresh_interval': 15,
  'event.poller.configuration': {
    contacts: {
      url: '/hubs/ecommerce/customers',
      idField: 'id',
      datesConfiguration: {
        updatedDateField: 'date_modified',
        updatedDateFormat: "yyyy-MM-dd'T'HH:mm:ss'",
        createdDateField: 'date_created',
        createdDateFormat: "yyyy-MM-dd'T'HH:mm:ss'",
      },
    },
    orders: {
      url: '/hubs/ecommerce/orders',
      idField: 'id',
      datesConfiguration: {},
      filterByCurrentDate: 'true',
      filterByUpdatedDate: 'date_modified',
      updatedDateTimezone: 'America/Santiago',
      createdDateTimezone: 'UTC',
      createdCheckTolerance: '10',
      pageSize: 50,
      pollDelay: '120',
    },
    refunds: { url: '/hubs/ecommerce/refunds', idField: 'id', datesConfiguration: {} },
  },
};

it('reads the polling variant with every optional field, an empty datesConfiguration and a custom resource', () => {
  const { connection, configuration, signatureKey } = read(body(POLLING, { tags: ['one'] }));
  expect(connection).toEqual({
    storeUrl: 'https://shop.example',
    consumerKey: 'ck_0123',
    consumerSecret: 'cs_0123',
    polling: { refreshIntervalSeconds: 900, resources: [{ name: 'refunds', path: '/refunds', idField: 'id', everyMinutes: 15 }] },
  });
  expect(signatureKey).toBe('a-signature-key');
  expect(configuration).toMatchObject({
    eventsEnabled: true,
    vendorType: 'polling',
    callbackUrl: 'https://app.example/events',
    timeZone: 'UTC',
  });
  expect(Object.keys(configuration.resources)).toEqual(['contacts', 'orders', 'refunds']);
  expect(configuration.resources['contacts']?.datesConfiguration.updatedDateFormat).toBe("yyyy-MM-dd'T'HH:mm:ss");
  expect(configuration.resources['orders']).toMatchObject({
    filterByCurrentDate: true,
    createdCheckTolerance: 10,
    pageSize: 50,
    pollDelay: 120,
    datesConfiguration: { updatedDateField: 'date_modified', createdDateField: 'date_created', createdDateFormat: "yyyy-MM-dd'T'HH:mm:ss" },
  });
  expect(JSON.stringify(configuration)).not.toContain('a-signature-key');
});

it('reads the webhook variant, and watches the four default resources when none are named', () => {
  const { configuration } = read(body({ 'event.notification.enabled': true, 'event.vendor.type': 'webhook' }));
  expect(configuration.vendorType).toBe('webhook');
  expect(Object.entries(configuration.resources).map(([name, { url }]) => `${name} ${url}`)).toEqual([
    'contacts /hubs/ecommerce/customers',
    'discounts /hubs/ecommerce/discounts',
    'orders /hubs/ecommerce/orders',
    'products /hubs/ecommerce/products',
  ]);
});

it('takes texts for booleans, numbers and maps', () => {
  const { configuration, connection } = read(
    body({
      'event.notification.enabled': 'true',
      'event.vendor.type': 'polling',
      'event.poller.refresh_interval': '5',
      'event.poller.configuration': JSON.stringify(POLLING['event.poller.configuration']),
    }),
  );
  expect(configuration.eventsEnabled).toBe(true);
  expect(connection.polling.refreshIntervalSeconds).toBe(300);
  expect(Object.keys(configuration.resources)).toContain('refunds');
  expect(connection.polling.resources).toEqual([{ name: 'refunds', path: '/refunds', idField: 'id', everyMinutes: 5 }]);
});

it('takes oauth.callback.url for the store’s address', () => {
  const { 'store.url': _store, ...rest } = CONFIGURATION;
  const given = { ...body(), configuration: { ...rest, 'oauth.callback.url': 'https://shop.example' } };
  expect(read(given).connection.storeUrl).toBe('https://shop.example');
});

it('sends no events unless asked, and needs no call-back address', () => {
  expect(read(body()).configuration).toMatchObject({ eventsEnabled: false, callbackUrl: null });
});

it('lists everything that is wrong, without a word of a secret', () => {
  const found = problems({
    element: { key: 'shopify' },
    tags: 'x',
    configuration: {
      'store.url': 'shop',
      'oauth.api.key': '',
      'oauth.api.secret': 7,
      'event.notification.enabled': 'yes please',
      'event.vendor.type': 'carrier pigeon',
      'event.notification.callback.url': 'ftp://x',
      'event.poller.refresh_interval': '0',
      'event.poller.timezone': 'Mars/Olympus',
      'event.poller.configuration': { orders: { url: 'orders', datesConfiguration: { updatedDateFormat: 'whenever' }, pageSize: 1_000 } },
    },
  });
  expect(Object.keys(found).toSorted()).toEqual(
    [
      'element.key',
      'name',
      'tags',
      'configuration.store.url',
      'configuration.oauth.api.key',
      'configuration.oauth.api.secret',
      'configuration.event.notification.enabled',
      'configuration.event.vendor.type',
      'configuration.event.notification.callback.url',
      'configuration.event.poller.refresh_interval',
      'configuration.event.poller.timezone',
      'configuration.event.poller.configuration.orders.url',
      'configuration.event.poller.configuration.orders.datesConfiguration.updatedDateFormat',
      'configuration.event.poller.configuration.orders.pageSize',
    ].toSorted(),
  );
});

it.each([
  ['nothing', undefined, ''],
  ['a text', 'x', ''],
  ['no configuration', { element: { key: 'woocommercerest' }, name: 'x' }, 'configuration'],
  ['a configuration that is no JSON', body({}, { configuration: '{' }), 'configuration'],
  ['no shop', body({ 'store.url': undefined }), 'configuration.store.url'],
  ['two shops', body({ 'oauth.callback.url': 'https://other.example' }), 'configuration.oauth.callback.url'],
  ['events of no kind', body({ 'event.notification.enabled': 'true' }), 'configuration.event.vendor.type'],
])('refuses %s', (_what, given, path) => {
  expect(Object.keys(problems(given))).toContain(path);
});

describe('an Authorization header', () => {
  it.each([
    ['User u-1, Organization o-1', { user: 'u-1', organization: 'o-1', element: null }],
    ['organization o-1,user u-1', { user: 'u-1', organization: 'o-1', element: null }],
    ['User u-1, Organization o-1, Element e-1', { user: 'u-1', organization: 'o-1', element: 'e-1' }],
    ['User u-1', null],
    ['Bearer x', null],
    ['User a, User b, Organization c', null],
    ['', null],
    [undefined, null],
  ])('%s', (header, expected) => {
    expect(readInstanceAuthorization(header)).toEqual(expected);
  });
});
