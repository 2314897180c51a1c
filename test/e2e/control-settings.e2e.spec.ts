import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_EVENTS_TOPIC } from '@tributary/codecs';
import { asConnectionId, asTenantId } from '@tributary/domain';
import { readRange, TopicAdmin } from '@tributary/kafka';
import { PostgresVaultStore } from '@tributary/postgres';
import { createLog } from '@tributary/telemetry';
import { MasterKeys, Vault } from '@tributary/vault';
import { orderBody, signedWebhook } from '../builders/order.builder.js';
import { tributary as onCommandLine, type CommandResult } from '../stack/command-line.js';
import { eventually } from '../stack/eventually.js';
import { ADMIN_TOKEN, MASTER_KEY, Stack } from '../stack/stack.js';
import { postWebhook } from '../stack/tenant.js';

const root = join(__dirname, '..', '..');
const ACME_FILE = join(root, 'test', 'fixtures', 'tenants', 'acme.yaml');
const WRONG_FILE = join(root, 'test', 'fixtures', 'tenants', 'wrong.yaml');
const ACME_TOKEN = 'address-of-the-shop-of-acme';
const ACCESS_TOKEN = 'hidden-access-token-of-acme';
/** Every secret that the suite gives or gets; none may show up anywhere. */
const secrets = new Set([
  ACCESS_TOKEN,
  'new-webhook-secret',
  'old-webhook-secret',
  ACME_TOKEN,
  'cs_0000000000000000000000000000000000000001',
  'write-key-of-acmes-shop',
]);

interface Report {
  readonly changed: readonly { readonly connection: string; readonly version: number; readonly what: readonly string[] }[];
  readonly generated: readonly { readonly connection: string; readonly name: string; readonly value: string; readonly path?: string }[];
  readonly consent: readonly object[];
  readonly isPublished: boolean;
}
type Answer<Body> = Promise<{ readonly status: number; readonly text: string; readonly body: Body }>;

let stack: Stack;
let betaToken = '';

async function api<Body = Report>(method: string, path: string, body?: unknown, id = 'control'): Answer<Body> {
  const answer = await fetch(`${stack.app(id).url}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: JSON.parse(text) as Body };
}
const put = (tenant: string, body: unknown): Answer<Report & { problems?: { path: string; message: string }[] }> =>
  api('PUT', `/v1/tenants/${tenant}`, body);

const tributary = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> =>
  onCommandLine(stack, args, { ACME_TIKTOK_TOKEN: ACCESS_TOKEN, ...env });

async function configLog(): Promise<Buffer[]> {
  const admin = await TopicAdmin.connect(stack.kafka);
  const until = await admin.endOffsets(CONFIG_EVENTS_TOPIC);
  await admin.close();
  const values: Buffer[] = [];
  await readRange(
    stack.kafka,
    { topic: CONFIG_EVENTS_TOPIC, from: new Map([...until.keys()].map((partition) => [partition, 0])), until },
    ({ records }) => {
      for (const { value } of records) if (value !== null) values.push(value);
      return Promise.resolve();
    },
    createLog('test', 'silent'),
  );
  return values;
}

const versions = (): Promise<object[]> =>
  stack.sql.query(
    '',
    'select tenant_id, connection_id, version, state, secrets_version from control.connection_versions order by tenant_id, connection_id, version',
  );

const ping = async (path: string): Promise<number> =>
  (
    await fetch(`${stack.app('ingest').url}${path}`, {
      method: 'POST',
      body: 'webhook_id=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  ).status;

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'identity', 'tiktok', 'fulfillment'] });
  await stack.untilReady(await stack.startApp('control'));
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

it('is ready when the other apps are', async () => {
  expect(await api('GET', '/readyz')).toMatchObject({ status: 200 });
});

it('applies a tenants file with which a signed order becomes a Purchase', async () => {
  const { code, out, err } = await tributary(['apply', '-f', ACME_FILE]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('shop is at version 1: created');
  expect(out).toContain('consent is not required: the shop’s country CL');
  await eventually('ingest knows the shop', 10_000, async () => (await ping(`/v1/sources/woocommerce/${ACME_TOKEN}`)) === 200);
  const now = new Date().toISOString().slice(0, 19);
  const body = orderBody({
    id: 7001,
    number: '7001',
    status: 'processing',
    date_created_gmt: now,
    date_modified_gmt: now,
    date_paid_gmt: now,
  });
  expect((await postWebhook(stack.app('ingest').url, ACME_TOKEN, signedWebhook(body, 'old-webhook-secret', 'order.updated'))).status).toBe(
    200,
  );
  await eventually('the Purchase counts', 15_000, () =>
    stack.tiktok.received().accepted.some(({ event, eventId }) => event === 'Purchase' && eventId === 'wc_order_7001'),
  );
}, 180_000);

it('makes no version and no event of the same file', async () => {
  const [before, log] = [await versions(), await configLog()];
  const { code, out } = await tributary(['apply', '-f', ACME_FILE]);
  expect({ code, out: out.split('\n')[0] }).toEqual({ code: 0, out: 'acme: nothing changed' });
  expect(await versions()).toEqual(before);
  expect((await configLog()).length).toBe(log.length);
}, 30_000);

it('keeps secrets that are missing', async () => {
  const body = {
    name: 'Acme',
    defaultCountry: 'CL',
    connections: [
      { id: 'shop', kind: 'woocommerce', storeUrl: 'https://shop.example', country: 'CL' },
      { id: 'web', kind: 'visits', shop: 'shop', allowedOrigins: ['https://shop.example'] },
      { id: 'ads', kind: 'tiktok', pixelCode: 'C0ACMEPIXEL', sources: ['shop'], sendFrom: '2026-11-01T00:00:00Z' },
    ],
  };
  const { status, body: report } = await put('acme', body);
  expect({ status, changed: report.changed }).toEqual({
    status: 200,
    changed: [{ connection: 'ads', version: 2, what: ['purchase.byPaymentMethod.cod', 'sources', 'testEventCode'] }],
  });
  expect(report.generated).toEqual([]);
  expect(await versions()).toContainEqual({ tenant_id: 'acme', connection_id: 'ads', version: 2, state: 'active', secrets_version: 1 });
});

it('makes addresses and secrets once, and closes the address of a connection that is left out', async () => {
  const shop = { id: 'shop', kind: 'woocommerce', storeUrl: 'https://beta.example' };
  const web = { id: 'web', kind: 'visits', shop: 'shop' };
  const first = await put('beta', { connections: [shop, web] });
  expect(first.body.generated.map(({ connection, name }) => `${connection} ${name}`)).toEqual([
    'shop webhookToken',
    'shop webhookSecret',
    'web writeKey',
  ]);
  const path = first.body.generated[0]?.path ?? '';
  expect(path).toMatch(/^\/v1\/sources\/woocommerce\/[\w-]{16,}$/);
  betaToken = first.body.generated[0]?.value ?? '';
  for (const { value } of first.body.generated) secrets.add(value);
  await eventually('ingest knows the shop', 10_000, async () => (await ping(path)) === 200);
  expect((await put('beta', { connections: [shop, web] })).body).toMatchObject({ changed: [], generated: [] });
  expect((await put('beta', { connections: [] })).body).toMatchObject({
    changed: [
      { connection: 'shop', version: 2, what: ['state active → disabled'] },
      { connection: 'web', version: 2, what: ['state active → disabled'] },
    ],
  });
  await eventually('the address leads nowhere', 10_000, async () => (await ping(path)) === 404);
  expect((await put('beta', { connections: [shop, web] })).body).toMatchObject({
    changed: [{ version: 3 }, { version: 3 }],
    generated: [],
  });
  await eventually('the address is the same again', 10_000, async () => (await ping(path)) === 200);
}, 180_000);

it('refuses a wrong file with every problem and changes nothing', async () => {
  const before = await versions();
  const { code, out, err } = await tributary(['apply', '-f', WRONG_FILE]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err.split('\n').filter((line) => line.includes('wrong.yaml:')).length).toBeGreaterThanOrEqual(12);
  const file = join(stack.run.folder, 'second-is-wrong.yaml');
  writeFileSync(
    file,
    [
      'tenants:',
      '  - id: gamma',
      '    connections: [{ id: shop, kind: woocommerce, storeUrl: https://gamma.example }]',
      '  - id: delta',
      '    connections:',
      '      - id: shop',
      '        kind: woocommerce',
      '        storeUrl: https://delta.example',
      `        webhookToken: '${betaToken}'`,
      '      - { id: ads, kind: tiktok, pixelCode: P1 }',
    ].join('\n'),
  );
  const second = await tributary(['apply', '-f', file]);
  expect(second.code).toBe(1);
  expect(second.err).toContain('second-is-wrong.yaml:10  tenants[1].connections[1].accessToken: is missing');
  writeFileSync(file, readFileSync(file, 'utf8').replace('pixelCode: P1', 'pixelCode: P1, accessToken: t'));
  const third = await tributary(['apply', '-f', file]);
  expect([third.code, third.err]).toEqual([
    1,
    expect.stringMatching(
      /second-is-wrong\.yaml:9 {2}tenants\[1\]\.connections\[0\]\.webhookToken: is that of connection shop of tenant beta/,
    ),
  ]);
  expect(await versions()).toEqual(before);
  expect((await api<{ items: { id: string }[] }>('GET', '/v1/tenants')).body.items.map(({ id }) => id)).toEqual(['acme', 'beta']);
}, 180_000);

it('takes secrets from variables and files beside the file, and shows what it makes once', async () => {
  const file = join(stack.run.folder, 'kappa.yaml');
  writeFileSync(
    file,
    [
      'tenants:',
      '  - id: kappa',
      '    connections:',
      '      - { id: shop, kind: woocommerce, storeUrl: https://kappa.example, webhookSecret: env:KAPPA_SECRET }',
      '      - { id: ads, kind: tiktok, pixelCode: P4, accessToken: file:kappa.token }',
    ].join('\n'),
  );
  const before = await versions();
  const missing = await tributary(['apply', '-f', file]);
  expect([missing.code, missing.out]).toEqual([1, '']);
  expect(missing.err).toContain('kappa.yaml:4  tenants[0].connections[0].webhookSecret: the environment has no KAPPA_SECRET');
  expect(missing.err).toContain('kappa.yaml:5  tenants[0].connections[1].accessToken: kappa.token cannot be read (ENOENT)');
  expect(await versions()).toEqual(before);

  writeFileSync(join(stack.run.folder, 'kappa.token'), 'hidden-token-of-kappa\n', { mode: 0o600 });
  const env = { KAPPA_SECRET: 'hidden-secret-of-kappa' };
  for (const secret of ['hidden-token-of-kappa', env.KAPPA_SECRET]) secrets.add(secret);
  const tried = await tributary(['apply', '-f', file, '--dry-run'], env);
  expect([tried.code, tried.out]).toEqual([0, expect.not.stringContaining('was made')]);
  expect(await versions()).toEqual(before);
  const first = await tributary(['apply', '-f', file], env);
  const token = /webhookToken was made; it is shown this once: (\S+)/.exec(first.out)?.[1] ?? '';
  secrets.add(token);
  expect(first.out).toContain(`below the address of ingest: /v1/sources/woocommerce/${token}`);
  expect(first.out).not.toContain('hidden-');
  expect(await tributary(['apply', '-f', file], env)).toMatchObject({ code: 0, out: expect.not.stringContaining(token), err: '' });
  await eventually('ingest knows the shop', 10_000, async () => (await ping(`/v1/sources/woocommerce/${token}`)) === 200);
}, 180_000);

it('refuses a pixel that another tenant sends to, until that one has left it', async () => {
  const connections = (pixel: string): object => ({
    connections: [
      { id: 'shop', kind: 'woocommerce', storeUrl: 'https://shared.example' },
      { id: 'ads', kind: 'tiktok', pixelCode: pixel, accessToken: 't' },
    ],
  });
  const rivals = await Promise.all([put('lambda', connections('P5')), put('mu', connections('P5'))]);
  for (const { body } of rivals) for (const { value } of body.generated ?? []) secrets.add(value);
  expect(rivals.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 422]);
  const refused = rivals.find(({ status }) => status === 422)?.body.problems;
  expect(refused).toMatchObject([{ path: 'connections[1].pixelCode', message: expect.stringContaining('would count once') }]);
  const [owner, other] = rivals[0]?.status === 200 ? ['lambda', 'mu'] : ['mu', 'lambda'];
  expect((await put(owner, { connections: [] })).status).toBe(200);
  const taken = await put(other, connections('P5'));
  for (const { value } of taken.body.generated) secrets.add(value);
  expect(taken.status).toBe(200);
});

it('removes a secret that is null, for good', async () => {
  const shop = { id: 'shop', kind: 'woocommerce', storeUrl: 'https://nu.example', webhookToken: 'address-of-the-shop-of-nu' };
  secrets.add(shop.webhookToken);
  const keys = { consumerKey: 'ck_hidden_of_nu', consumerSecret: 'cs_hidden_of_nu' };
  for (const secret of Object.values(keys)) secrets.add(secret);
  const made = await put('nu', { connections: [{ ...shop, ...keys, webhookSecret: 'hidden-secret-of-nu' }] });
  expect(made.status).toBe(200);
  const without = { connections: [{ ...shop, consumerKey: null, consumerSecret: null }] };
  expect((await put('nu', without)).body.changed).toEqual([
    { connection: 'shop', version: 2, what: ['consumerKey removed', 'consumerSecret removed'] },
  ]);
  expect((await put('nu', without)).body.changed).toEqual([]);
  const refused = await put('nu', { connections: [{ ...shop, consumerKey: 'ck_hidden_of_nu' }] });
  expect([refused.status, refused.body.problems?.map(({ path }) => path)]).toEqual([422, ['connections[0].consumerSecret']]);
});

it('gives each of two changes at the same time a version of its own, and an address to one of two tenants', async () => {
  const ads = (days: number): object => ({
    connections: [{ id: 'ads', kind: 'tiktok', pixelCode: 'P2', accessToken: 't', maxEventAgeDays: days }],
  });
  const both = await Promise.all([put('epsilon', ads(3)), put('epsilon', ads(4)), put('epsilon', ads(5))]);
  expect(both.flatMap(({ body }) => body.changed.map(({ version }) => version)).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  const shop = {
    connections: [{ id: 'shop', kind: 'woocommerce', storeUrl: 'https://one.example', webhookToken: 'wanted-by-two-tenants' }],
  };
  secrets.add('wanted-by-two-tenants');
  const rivals = await Promise.all([put('zeta', shop), put('eta', shop)]);
  expect(rivals.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 422]);
});

it('is heard by the apps after its database was set back', async () => {
  const ads = (days: number): object => ({
    connections: [{ id: 'ads', kind: 'tiktok', pixelCode: 'P6', accessToken: 't', maxEventAgeDays: days }],
  });
  const heard = async (): Promise<object[]> =>
    stack.sql.query('', `select version, settings ->> 'maxEventAgeDays' as days from tiktok.connections where tenant_id = 'xi'`);
  for (const days of [1, 2, 3]) await put('xi', ads(days));
  await eventually('tiktok has heard of the third version', 10_000, async () => JSON.stringify(await heard()).includes('"version":3'));
  await stack.sql.query('', `delete from control.connection_versions where tenant_id = 'xi' and version > 1`);
  expect((await put('xi', ads(4))).body.changed).toMatchObject([{ version: 4 }]);
  await eventually('tiktok has heard of the change', 10_000, async () => JSON.stringify(await heard()).includes('"days":"4"'));
}, 30_000);

it('goes on after a crash between the vault and the commit', async () => {
  const vault = new Vault({ store: new PostgresVaultStore(stack.sql), masterKeys: MasterKeys.parse(MASTER_KEY) });
  await vault.putSecrets(asTenantId('theta'), asConnectionId('ads'), 1, { accessToken: '"of-a-crashed-change"' });
  const { status } = await put('theta', {
    connections: [{ id: 'ads', kind: 'tiktok', pixelCode: 'P3', accessToken: 'hidden-token-of-theta' }],
  });
  secrets.add('hidden-token-of-theta');
  expect(status).toBe(200);
  expect(await versions()).toContainEqual({ tenant_id: 'theta', connection_id: 'ads', version: 1, state: 'active', secrets_version: 2 });
});

it('tells what was committed when it died before it could', async () => {
  const token = 'address-of-the-shop-of-iota';
  secrets.add(token);
  const body = {
    connections: [
      { id: 'shop', kind: 'woocommerce', storeUrl: 'https://iota.example', webhookToken: token, webhookSecret: 'hidden-secret-of-iota' },
    ],
  };
  const port = await stack.startApp('control', { instance: 'control-that-dies', env: { TRIBUTARY_FAILPOINT: 'control.after-commit' } });
  await stack.untilReady(port);
  // Two replicas: the one that lives must tell what the other one left.
  await expect(api('PUT', '/v1/tenants/iota', body, 'control-that-dies')).rejects.toThrow('fetch failed');
  await eventually('it is dead', 5_000, () => !port.child.isRunning());
  expect(await versions()).toContainEqual({ tenant_id: 'iota', connection_id: 'shop', version: 1, state: 'active', secrets_version: 1 });
  await eventually('ingest knows the shop', 10_000, async () => (await ping(`/v1/sources/woocommerce/${token}`)) === 200);
  expect(await stack.sql.query('', 'select 1 from control_ops.outbox')).toEqual([]);
  expect((await put('iota', body)).body).toMatchObject({ changed: [], generated: [] });
}, 180_000);

it('shows no secret in its answers, its log, its tables and its topic', async () => {
  const shown = [
    (await api('GET', '/v1/tenants')).text,
    ...(await Promise.all(
      ['acme', 'beta', 'theta', 'iota'].map(async (tenant) => (await api('GET', `/v1/tenants/${tenant}/connections`)).text),
    )),
    ...['control', 'control-that-dies'].map((id) => readFileSync(stack.logOf(id), 'utf8')),
    JSON.stringify(
      await stack.sql.query(
        '',
        'select v::text from control.connection_versions v union all select t::text from control.tenants t union all select a::text from control.addresses a',
      ),
    ),
    ...(await configLog()).map((value) => value.toString('latin1')),
  ];
  expect(shown[1]).toContain('C0ACMEPIXEL');
  for (const secret of secrets) for (const text of shown) expect(text).not.toContain(secret);
}, 30_000);
