import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Secret } from '@tributary/config';
import { addressHash, type Sql } from '@tributary/domain';
import type { StoredConnection } from '@tributary/stream';
import { createLog, Metrics } from '@tributary/telemetry';
import { createControlApp } from '../control.app.js';
import type { ControlPorts } from '../control.module.js';
import type { ConnectPorts } from './connect.controller.js';

const TOKEN = 'the-admin-token';
const HASH = 'a'.repeat(64);
const BASE = '/v1/tenants/acme/connections/shop/connect';

const SHOP = {
  id: 'shop',
  kind: 'woocommerce',
  state: 'active',
  tenantName: 'Acme & Co',
  settings: { storeUrl: 'https://shop.example' },
} as unknown as StoredConnection;

/** Keeps what is asked of ingest. */
class Commands implements Sql {
  readonly asked: unknown[][] = [];
  result: object = { outcome: 'done' };

  query<Row extends object>(name: string, _text: string, values: readonly unknown[] = []): Promise<Row[]> {
    if (name === 'expected-keys-progress-of')
      return Promise.resolve(values[0] === HASH ? ([{ state: 'waiting', because: null }] as Row[]) : []);
    if (name === 'command-result-ingest') return Promise.resolve([{ result: this.result }] as unknown as Row[]);
    this.asked.push([name, ...values]);
    return Promise.resolve([{ id: 7 }] as unknown as Row[]);
  }

  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return work(this);
  }
}

let commands: Commands;
let connect: { -readonly [Name in keyof ConnectPorts]: ConnectPorts[Name] };
let app: NestFastifyApplication;
beforeEach(async () => {
  commands = new Commands();
  connect = {
    sql: commands,
    connections: (tenant) => Promise.resolve(tenant === 'acme' ? [SHOP] : []),
    publicUrl: 'https://in.example',
    allowsPlainHttp: false,
  };
  const ports = {
    health: { notLive: () => [], notReady: () => [], metrics: new Metrics('control') },
    tenants: {},
    install: {},
    connect,
    reading: { appUrls: { ingest: null, tiktok: null } },
  } as unknown as ControlPorts;
  app = await createControlApp(ports, { adminToken: new Secret(TOKEN), log: createLog('control', 'silent') });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterEach(() => app.close());

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const ask = (method: 'GET' | 'POST', url: string, headers: object = AUTHORIZED) => app.inject({ method, url, headers: { ...headers } });

describe('beginning to connect', () => {
  it('makes a link with a state of which ingest is told the hash alone', async () => {
    const answer = await ask('POST', BASE);
    expect(answer.statusCode).toBe(201);
    const { id, url } = answer.json<{ id: string; url: string }>();
    const { searchParams } = new URL(url);
    expect(searchParams.get('app_name')).toBe('Tributary: Acme & Co');
    const state = searchParams.get('user_id') ?? '';
    expect(state.length).toBeGreaterThanOrEqual(43);
    expect(id).toBe(addressHash(state));
    expect(commands.asked).toHaveLength(1);
    expect(commands.asked[0]?.slice(0, 3)).toEqual(['command-ask-ingest', 'acme', 'expect-keys']);
    expect(JSON.parse(String(commands.asked[0]?.[3]))).toEqual({
      connectionId: 'shop',
      storeUrl: 'https://shop.example',
      stateHash: addressHash(state),
    });
  });

  it.each([
    ['nobody said where shops reach us', null],
    ['the address is not https', 'http://in.example'],
    ['the address is private', 'https://10.0.0.7'],
    ['WordPress sends to no such port', 'https://in.example:9443'],
  ])('is refused with what to do when %s', async (_, publicUrl) => {
    connect.publicUrl = publicUrl;
    const answer = await ask('POST', BASE);
    expect(answer.statusCode).toBe(409);
    expect(answer.json<{ detail: string }>().detail).toContain('PUBLIC_INGEST_URL');
    expect(commands.asked).toEqual([]);
  });

  it.each([
    ['another tenant', '/v1/tenants/other/connections/shop/connect'],
    ['another connection', '/v1/tenants/acme/connections/web/connect'],
    ['an id that is none', '/v1/tenants/ACME!/connections/shop/connect'],
  ])('is not there for %s', async (_, url) => {
    expect((await ask('POST', url)).statusCode).toBe(404);
  });

  it('is not begun when ingest does not take it up', async () => {
    commands.result = { outcome: 'refused' };
    expect((await ask('POST', BASE)).statusCode).toBe(503);
  });

  it('is for those with the admin token', async () => {
    expect((await ask('POST', BASE, {})).statusCode).toBe(401);
  });
});

it('tells how far it is, and nothing of what nobody began', async () => {
  expect((await ask('GET', `${BASE}/${HASH}`)).json()).toEqual({ state: 'waiting', because: null });
  expect((await ask('GET', `${BASE}/${'b'.repeat(64)}`)).statusCode).toBe(404);
  expect((await ask('GET', `${BASE}/seven`)).statusCode).toBe(404);
});
