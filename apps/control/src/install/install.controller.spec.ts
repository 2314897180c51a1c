import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Secret } from '@tributary/config';
import { writeSecretValues } from '@tributary/domain';
import type { StoredConnection } from '@tributary/stream';
import { createLog, Metrics } from '@tributary/telemetry';
import { createControlApp } from '../control.app.js';
import type { ControlPorts } from '../control.module.js';
import type { InstallPorts } from './install.controller.js';

const TOKEN = 'the-admin-token';
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const BASE = '/v1/tenants/acme/connections/web/install';

const row = (id: string, kind: string, settings: object, state = 'active'): StoredConnection =>
  ({ id, kind, state, version: 1, defaultCountry: 'CL', secretsVersion: 3, settings }) as unknown as StoredConnection;
const SHOP = row('shop', 'woocommerce', { storeUrl: 'https://www.shop.example' });
const WEB = row('web', 'visits', { shop: 'shop', allowedOrigins: [] });
const ADS = row('ads', 'tiktok', {
  pixelCode: 'C0PIXEL',
  purchase: { byPaymentMethod: { cod: 'placed' }, eventId: 'o-{connection}-{orderId}' },
});

let rows: StoredConnection[];
let writeKey: unknown;
let app: NestFastifyApplication;
beforeEach(async () => {
  rows = [SHOP, WEB, ADS];
  writeKey = 'write-key-of-the-shop';
  const install: InstallPorts = {
    connections: (tenant) => Promise.resolve(tenant === 'acme' ? rows : []),
    vault: {
      getSecrets: (_tenant, id, version) => Promise.resolve(id === 'web' && version === 3 ? writeSecretValues({ writeKey }) : null),
    },
    collectorUrl: 'https://collect.tributary.example',
  };
  const ports = {
    health: { notLive: () => [], notReady: () => [], metrics: new Metrics('control') },
    tenants: {},
    install,
    reading: { appUrls: { ingest: null, tiktok: null } },
  } as unknown as ControlPorts;
  app = await createControlApp(ports, { adminToken: new Secret(TOKEN), log: createLog('control', 'silent') });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterEach(() => app.close());

const ask = (url: string, headers: Readonly<Record<string, string>> = AUTHORIZED) => app.inject({ method: 'GET', url, headers });

describe('what a shop installs', () => {
  it('is listed', async () => {
    const { items } = (await ask(BASE)).json<{ items: { name: string }[] }>();
    expect(items.map(({ name }) => name)).toEqual([
      'script-tag.html',
      'own-host-tag.html',
      'tag-manager.json',
      'tributary.php',
      'nginx.conf',
      'apache.conf',
      'tributary-proxy.php',
    ]);
  });

  it('is a file to be saved, for nobody’s cache, with the tenant’s own values', async () => {
    const answer = await ask(`${BASE}/script-tag.html`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ 'content-disposition': 'attachment; filename="script-tag.html"', 'cache-control': 'no-store' });
    expect(answer.body).toBe(
      '<script async src="https://collect.tributary.example/v1/tributary.js" data-write-key="write-key-of-the-shop" data-consent="not-required" data-pixel="C0PIXEL"></script>\n',
    );
  });

  it('names the address that the request gives', async () => {
    const url = `${BASE}/script-tag.html?collector=${encodeURIComponent('https://metrics.shop.example/')}`;
    expect((await ask(url)).body).toContain('src="https://metrics.shop.example/v1/tributary.js"');
    expect((await ask(`${BASE}/script-tag.html?collector=javascript:alert(1)`)).statusCode).toBe(400);
  });

  it('follows the shop’s consent rule and the pixel’s purchase rules', async () => {
    rows = [row('shop', 'woocommerce', { storeUrl: 'https://www.shop.example', country: 'DE' }), WEB, ADS];
    expect((await ask(`${BASE}/script-tag.html`)).body).toContain('data-consent="required"');
    const php = (await ask(`${BASE}/tributary.php`)).body;
    expect(php).toContain(`'o-{connection}-{orderId}'`);
    expect(php).toContain(`array( 'cod' => 'placed' )`);
  });

  it('has no pixel where none takes this shop', async () => {
    rows = [
      SHOP,
      WEB,
      row('ads', 'tiktok', { pixelCode: 'C0PIXEL', sources: ['other'] }),
      row('old', 'tiktok', { pixelCode: 'C0OLD' }, 'disabled'),
    ];
    expect((await ask(`${BASE}/script-tag.html`)).body).not.toContain('data-pixel');
  });

  it('carries the first of two keys while one replaces the other', async () => {
    writeKey = ['the-new-write-key-0', 'the-old-write-key-0'];
    expect((await ask(`${BASE}/script-tag.html`)).body).toContain('data-write-key="the-new-write-key-0"');
  });

  it.each([
    ['another tenant', '/v1/tenants/other/connections/web/install'],
    ['a connection of another kind', '/v1/tenants/acme/connections/ads/install'],
    ['no such file', `${BASE}/secrets.json`],
    ['an id that is none', '/v1/tenants/ACME!/connections/web/install'],
  ])('is not there for %s', async (_case, url) => {
    expect((await ask(url)).statusCode).toBe(404);
  });

  it('is not there for a disabled connection, nor without its shop', async () => {
    rows = [SHOP, row('web', 'visits', { shop: 'shop' }, 'disabled')];
    expect((await ask(BASE)).statusCode).toBe(404);
    rows = [WEB];
    expect((await ask(BASE)).json<{ detail: string }>().detail).toContain('«shop»');
  });

  it('is told to nobody without the admin token', async () => {
    expect((await ask(`${BASE}/script-tag.html`, {})).statusCode).toBe(401);
  });
});
