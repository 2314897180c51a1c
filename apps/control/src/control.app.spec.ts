import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Secret, type DesiredTenant } from '@tributary/config';
import { BrokerUnavailable, RegistryUnavailable } from '@tributary/kafka';
import { DatabaseUnavailable } from '@tributary/postgres';
import { LogTooLong, type ConnectionVersionRow, type SettingsAnswer } from '@tributary/stream';
import { createLog, Metrics } from '@tributary/telemetry';
import { createControlApp } from './control.app.js';
import type { ControlPorts } from './control.module.js';
import { openApiDocument, ROUTES } from './openapi.js';

const TOKEN = 'the-admin-token';
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

const shop: ConnectionVersionRow = {
  id: 'shop',
  kind: 'woocommerce',
  state: 'active',
  version: 2,
  defaultCountry: 'CL',
  activatedAt: 1_000,
  settings: { storeUrl: 'https://shop.example', country: null },
  changedAt: new Date(2_000),
};

class Settings {
  puts: { tenant: DesiredTenant; isDryRun: boolean }[] = [];
  reasons: string[] = [];
  failure: Error | null = null;
  answer: SettingsAnswer = { kind: 'done', report: { tenant: 'acme', changed: [], generated: [], consent: [], isPublished: true } };

  ports(): ControlPorts {
    return {
      health: { notLive: () => [], notReady: () => this.reasons, metrics: new Metrics('control') },
      tenants: {
        change: {
          put: (tenant, options) => {
            this.puts.push({ tenant, isDryRun: options?.isDryRun ?? false });
            return Promise.resolve(this.answer);
          },
        },
        store: {
          tenants: () =>
            this.failure !== null
              ? Promise.reject(this.failure)
              : Promise.resolve([{ id: 'acme', name: 'Acme', state: 'active', defaultCountry: 'CL', connections: 1 }]),
          connections: (tenant) => Promise.resolve(tenant === 'acme' ? [shop] : undefined),
        },
      },
      install: {
        connections: () => Promise.resolve([]),
        vault: { getSecrets: () => Promise.resolve(null) },
        collectorUrl: 'https://collect.example',
      },
      instances: { store: {}, change: {}, vault: {} } as unknown as ControlPorts['instances'],
      connect: {} as unknown as ControlPorts['connect'],
      courier: {} as unknown as ControlPorts['courier'],
      check: {} as unknown as ControlPorts['check'],
      reading: { appUrls: { ingest: null, tiktok: null } } as unknown as ControlPorts['reading'],
    };
  }
}

let settings: Settings;
let app: NestFastifyApplication;
let routes: string[];
beforeEach(async () => {
  settings = new Settings();
  routes = [];
  app = await createControlApp(settings.ports(), {
    adminToken: new Secret(TOKEN),
    log: createLog('control', 'silent'),
    onRoute: ({ method, url }) => routes.push(...[method].flat().map((name) => `${name.toLowerCase()} ${url}`)),
  });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterEach(() => app.close());

type Asked = Parameters<NestFastifyApplication['inject']>[0];
async function ask(asked: Asked & object): Promise<{ status: number; type: string; body: Record<string, unknown> }> {
  const answer = await app.inject(asked);
  return {
    status: answer.statusCode,
    type: String(answer.headers['content-type']),
    body: answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>),
  };
}
const put = (body: unknown, url = '/v1/tenants/acme'): ReturnType<typeof ask> =>
  ask({ method: 'PUT', url, headers: AUTHORIZED, payload: body as object });

describe('who may ask', () => {
  it.each([
    ['nobody', {}],
    ['a wrong token', { authorization: 'Bearer the-admin-tokem' }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
  ])('%s is answered 401 as a problem', async (_who, headers) => {
    for (const url of ['/v1/tenants', '/v1/tenants/acme/connections', '/%76%31/tenants', '/v1/nothing', '/V1/tenants']) {
      const { status, type, body } = await ask({ method: 'GET', url, headers });
      expect([url, status, type, body['status']]).toEqual([url, 401, 'application/problem+json', 401]);
    }
    expect((await ask({ method: 'PUT', url: '/v1/tenants/acme', headers, payload: {} })).status).toBe(401);
    expect(settings.puts).toEqual([]);
  });

  it('anybody may ask for health, metrics and the description', async () => {
    for (const url of ['/livez', '/startupz', '/readyz', '/openapi.json']) expect((await ask({ method: 'GET', url })).status).toBe(200);
    expect((await app.inject({ method: 'GET', url: '/metrics' })).statusCode).toBe(200);
  });
});

describe('problems', () => {
  it('of an unknown address', async () => {
    expect(await ask({ method: 'GET', url: '/v1/nothing', headers: AUTHORIZED })).toMatchObject({
      status: 404,
      type: 'application/problem+json',
      body: { title: 'Not found' },
    });
  });

  it('of a body that is not JSON never quote it', async () => {
    const answer = await app.inject({
      method: 'PUT',
      url: '/v1/tenants/acme',
      headers: { ...AUTHORIZED, 'content-type': 'application/json' },
      payload: '{"accessToken": hidden-secret',
    });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(answer.body).not.toContain('hidden');
  });

  it('of a body of another type, an empty one and a large one', async () => {
    const send = (headers: Record<string, string>, payload: string): Promise<number> =>
      app
        .inject({ method: 'PUT', url: '/v1/tenants/acme', headers: { ...AUTHORIZED, ...headers }, payload })
        .then((answer) => answer.statusCode);
    expect(await send({ 'content-type': 'text/csv' }, 'a,b')).toBe(415);
    expect(await send({ 'content-type': 'application/json' }, '')).toBe(400);
    expect(await send({ 'content-type': 'application/json' }, `"${'x'.repeat(2 * 1024 * 1024)}"`)).toBe(413);
  });

  it('of apps that are not ready name their reasons', async () => {
    settings.reasons = ['tiktok: the start barrier is not passed yet', 'ingest does not answer (ECONNREFUSED)'];
    expect(await ask({ method: 'GET', url: '/readyz' })).toMatchObject({
      status: 503,
      type: 'application/problem+json',
      body: { status: 503, reasons: settings.reasons },
    });
  });

  it.each([
    ['a database that is away', new DatabaseUnavailable('away'), /^The database does not answer\. Ask again.*Postgres/],
    ['brokers that are away', new BrokerUnavailable('away'), /^Kafka does not answer.*observations=false/],
    ['a registry that is away', new RegistryUnavailable('away'), /^The schema registry does not answer.*observations=false/],
    ['a log that is too long', new LogTooLong('10 s'), /^The log is too long.*observations=false/],
  ])('of %s say to ask again and what else to do', async (_what, error, detail) => {
    settings.failure = error;
    const answer = await app.inject({ method: 'GET', url: '/v1/tenants', headers: AUTHORIZED });
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['retry-after']]).toEqual([
      503,
      'application/problem+json',
      '2',
    ]);
    expect(answer.json()).toMatchObject({ status: 503, title: 'Not now', detail: expect.stringMatching(detail) });
  });

  it('of wrong settings list every one with its path', async () => {
    const { status, body } = await put({
      state: 'paused',
      connections: [{ id: 'ads', kind: 'tiktok', pixelCode: 'P', accessToken: 'env:TOKEN', purchase: { when: 'shipped' } }],
    });
    expect(status).toBe(422);
    expect((body['problems'] as { path: string }[]).map(({ path }) => path)).toEqual([
      'state',
      'connections[0].purchase.when',
      'connections[0].accessToken',
    ]);
    expect(settings.puts).toEqual([]);
  });

  it('that only the stored settings show are told alike', async () => {
    settings.answer = { kind: 'refused', problems: [{ path: 'connections[0].accessToken', message: 'is missing', line: null }] };
    expect(await put({ connections: [] })).toMatchObject({
      status: 422,
      body: { problems: [{ path: 'connections[0].accessToken', message: 'is missing' }] },
    });
  });
});

describe('tenants', () => {
  it('are put under the id of the address', async () => {
    expect(await put({ name: 'Acme', connections: [] })).toMatchObject({ status: 200, body: { tenant: 'acme', changed: [] } });
    expect(await put({ id: 'other', connections: [] })).toMatchObject({ status: 422, body: { problems: [{ path: 'id' }] } });
    expect(settings.puts.map(({ tenant, isDryRun }) => [tenant.id, isDryRun])).toEqual([['acme', false]]);
  });

  it('can be tried without a change', async () => {
    await put({ connections: [] }, '/v1/tenants/acme?dryRun=true');
    expect(settings.puts.map(({ isDryRun }) => isDryRun)).toEqual([true]);
    expect((await put({ connections: [] }, '/v1/tenants/acme?dryRun=yes')).status).toBe(400);
  });

  it('are listed in pages', async () => {
    expect((await ask({ method: 'GET', url: '/v1/tenants?limit=1', headers: AUTHORIZED })).body).toMatchObject({
      items: [{ id: 'acme' }],
      nextCursor: 'acme',
    });
    expect((await ask({ method: 'GET', url: '/v1/tenants', headers: AUTHORIZED })).body).toMatchObject({ nextCursor: null });
    for (const query of ['limit=0', 'limit=many', 'cursor=%00'])
      expect((await ask({ method: 'GET', url: `/v1/tenants?${query}`, headers: AUTHORIZED })).status).toBe(400);
  });

  it('show their connections with what the consent rule decides', async () => {
    const { body } = await ask({ method: 'GET', url: '/v1/tenants/acme/connections', headers: AUTHORIZED });
    expect(body).toMatchObject({
      items: [
        { id: 'shop', activatedAt: '1970-01-01T00:00:01.000Z', consent: { required: false, because: expect.stringContaining('CL') } },
      ],
      nextCursor: null,
    });
    for (const tenant of ['other', 'Not%20One'])
      expect((await ask({ method: 'GET', url: `/v1/tenants/${tenant}/connections`, headers: AUTHORIZED })).status).toBe(404);
  });
});

describe('the description', () => {
  const asServed = ({ method, path }: { method: string; path: string }): string => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':x')}`;
  const served = (): string[] => routes.filter((route) => !/^(head|options) /.test(route)).map((route) => route.replaceAll(/:\w+/g, ':x'));

  it('has every route that is served and no other', () => {
    expect(served().length).toBeGreaterThan(6);
    expect(served().toSorted()).toEqual(ROUTES.map(asServed).toSorted());
  });

  it('says of each what it answers, and of each closed one that it answers 401', () => {
    const { paths } = openApiDocument(ROUTES) as {
      paths: Record<string, Record<string, { responses: Record<string, { description: string; content?: object }> }>>;
    };
    for (const { method, path, isOpen, answers } of ROUTES) {
      const { responses } = paths[path]![method]!;
      expect([path, Object.keys(responses).some((code) => code.startsWith('2')), '401' in responses]).toEqual([
        path,
        true,
        // What asks for keys of its own says so itself.
        isOpen !== true || '401' in answers,
      ]);
    }
  });

  it('names every parameter of its paths and leads every reference to a shape', () => {
    for (const { path, pathParameters = {} } of ROUTES)
      expect([path, Object.keys(pathParameters).toSorted()]).toEqual([
        path,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').toSorted(),
      ]);
    const document = openApiDocument(ROUTES);
    const { schemas } = document['components'] as { schemas: Record<string, object> };
    const named = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((ref) => !(ref!.replace('#/components/schemas/', '') in schemas))).toEqual([]);
  });
});
