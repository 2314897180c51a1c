import { addressHash, asConnectionId, asTenantId } from '@tributary/domain';
import { canonicalJson } from './canonical-json.js';
import { whatChanged } from './change-report.js';
import { changeTenant, takenAddresses, type ConnectionChange, type KnownConnection, type TenantChange } from './tenant-change.js';
import { readTenantBody } from './tenants-file.js';

const shop = (fields: object = {}): object => ({
  id: 'shop',
  kind: 'woocommerce',
  storeUrl: 'https://shop.example',
  country: 'CL',
  ...fields,
});
const ads = (fields: object = {}): object => ({ id: 'ads', kind: 'tiktok', pixelCode: 'P1', ...fields });

/** A control store in memory: what a change leads to is what the next one finds. */
class Tenant {
  private known = new Map<string, KnownConnection>();
  private tokens = 0;
  nowMs = 1_000;
  told: ReadonlyMap<string, number> = new Map();

  put(body: object): TenantChange {
    const reading = readTenantBody(body, 'acme');
    if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.problems));
    const change = changeTenant(reading.tenant, [...this.known.values()], {
      nowMs: this.nowMs,
      told: this.told,
      newToken: () => `generated-token-${(this.tokens += 1)}`,
    });
    if (change.kind === 'change') for (const { next } of change.connections) if (next !== null) this.keep(next);
    return change;
  }

  private keep(next: NonNullable<ConnectionChange['next']>): void {
    const before = this.known.get(next.id);
    this.known.set(next.id, {
      ...next,
      settings: JSON.parse(next.settings) as unknown,
      wasActive: next.state === 'active' || (before?.wasActive ?? false),
      secrets: next.secrets ?? before?.secrets ?? null,
    });
  }

  loseKeys(): void {
    this.known = new Map([...this.known].map(([id, connection]) => [id, { ...connection, secrets: null }]));
  }

  knownOf(id: string): KnownConnection | undefined {
    return this.known.get(id);
  }

  secretsOf(id: string): unknown {
    return this.known.get(id)?.secrets;
  }
}

const connectionsOf = (change: TenantChange): readonly ConnectionChange[] => {
  if (change.kind === 'refused') throw new Error(JSON.stringify(change.problems));
  return change.connections;
};
const changes = (change: TenantChange): string[] =>
  connectionsOf(change).map(({ id, change: what, version, state }) => `${id} ${what} v${version} ${state}`);

describe('putting a tenant', () => {
  it('makes the first version of every connection, and tokens and secrets that nobody gave', () => {
    const tenant = new Tenant();
    const [first, second] = connectionsOf(tenant.put({ connections: [shop(), ads({ accessToken: 'secret-1' })] }));
    expect(first).toMatchObject({
      change: 'created',
      version: 1,
      generated: { webhookToken: 'generated-token-1', webhookSecret: 'generated-token-2' },
    });
    expect(first?.next).toMatchObject({ activatedAt: 1_000, secretsVersion: 1, addressHashes: [addressHash('generated-token-1')] });
    expect(second).toMatchObject({ change: 'created', generated: {}, addressHashes: [] });
  });

  it('stays quiet when the body says the same, also in another order and with defaults written out', () => {
    const tenant = new Tenant();
    tenant.put({ connections: [shop(), ads({ accessToken: 'secret-1', purchase: { when: 'paid', value: 'total' } })] });
    const again = tenant.put({
      state: 'active',
      connections: [ads({ mode: 'live', purchase: { value: 'total' }, accessToken: 'secret-1' }), shop({ consent: { required: 'auto' } })],
    });
    expect(changes(again)).toEqual(['ads unchanged v1 active', 'shop unchanged v1 active']);
    expect(connectionsOf(again).flatMap(({ generated }) => Object.keys(generated))).toEqual([]);
  });

  it('keeps secrets that are missing and makes a version for ones that change', () => {
    const tenant = new Tenant();
    tenant.put({ connections: [shop({ webhookSecret: 'given-secret' }), ads({ accessToken: 'secret-1' })] });
    const changed = tenant.put({ connections: [shop({ webhookSecret: ['next-secret', 'given-secret'] }), ads({ maxEventAgeDays: 3 })] });
    expect(connectionsOf(changed)[0]?.next).toMatchObject({
      version: 2,
      secretsVersion: 2,
      secrets: { webhookToken: 'generated-token-1', webhookSecret: ['next-secret', 'given-secret'] },
    });
    expect(connectionsOf(changed)[1]?.next).toMatchObject({ version: 2, secretsVersion: 1, secrets: null });
    expect(tenant.secretsOf('ads')).toEqual({ accessToken: 'secret-1' });
  });

  it('removes a secret that is null, once, and says so', () => {
    const tenant = new Tenant();
    tenant.put({ connections: [shop({ consumerKey: 'ck_1', consumerSecret: 'cs_1' })] });
    const body = { connections: [shop({ consumerKey: null, consumerSecret: null })] };
    const known = tenant.knownOf('shop');
    const [change] = connectionsOf(tenant.put(body));
    expect(change).toMatchObject({ change: 'changed', version: 2, next: { secretsVersion: 2 } });
    expect(whatChanged(change!, known)).toEqual(['consumerKey removed', 'consumerSecret removed']);
    expect(Object.keys(tenant.secretsOf('shop') as object)).toEqual(['webhookToken', 'webhookSecret']);
    expect(connectionsOf(tenant.put(body))).toMatchObject([{ change: 'unchanged', version: 2 }]);
  });

  it('removes no secret that is needed, and not half of a pair', () => {
    const problemsOf = (body: object): object => {
      const reading = readTenantBody(body, 'acme');
      return reading.kind === 'read' ? [] : reading.problems.map(({ path, message }) => [path, message]);
    };
    expect(problemsOf({ connections: [shop({ webhookToken: null }), ads({ accessToken: null })] })).toEqual([
      ['connections[0].webhookToken', 'cannot be removed: give another value in its place'],
      ['connections[1].accessToken', 'cannot be removed: a tiktok connection needs it'],
    ]);
    const tenant = new Tenant();
    tenant.put({ connections: [shop({ consumerKey: 'ck_1', consumerSecret: 'cs_1' })] });
    expect(tenant.put({ connections: [shop({ consumerKey: null })] })).toMatchObject({
      kind: 'refused',
      problems: [{ path: 'connections[0].consumerSecret' }],
    });
  });

  it('goes beyond every version that the apps have heard of, once, after the database was set back', () => {
    const tenant = new Tenant();
    const body = { connections: [shop(), ads({ accessToken: 't' })] };
    tenant.put({ connections: [shop()] });
    tenant.told = new Map([
      ['shop', 5],
      ['ads', 3],
    ]);
    const known = tenant.knownOf('shop');
    const changes = connectionsOf(tenant.put(body));
    expect(changes).toMatchObject([
      { change: 'changed', version: 6 },
      { change: 'created', version: 4 },
    ]);
    expect(whatChanged(changes[0]!, known)).toEqual(['told anew: the apps had heard of a later version']);
    expect(connectionsOf(tenant.put(body)).map(({ change }) => change)).toEqual(['unchanged', 'unchanged']);
    tenant.put({ connections: [] });
    tenant.told = new Map([['shop', 9]]);
    expect(connectionsOf(tenant.put({ connections: [] }))).toMatchObject([{ id: 'shop', change: 'disabled', version: 10 }]);
  });

  it('disables what is missing, once, and takes it back with its address and its first activation', () => {
    const tenant = new Tenant();
    tenant.put({ connections: [shop()] });
    expect(changes(tenant.put({ connections: [] }))).toEqual(['shop disabled v2 disabled']);
    expect(changes(tenant.put({ connections: [] }))).toEqual([]);
    tenant.nowMs = 9_000;
    const [back] = connectionsOf(tenant.put({ connections: [shop()] }));
    expect(back).toMatchObject({
      change: 'changed',
      version: 3,
      generated: {},
      next: { activatedAt: 1_000, addressHashes: [addressHash('generated-token-1')] },
    });
  });

  it('suspends all connections with their tenant and counts activation from when it is lifted', () => {
    const tenant = new Tenant();
    expect(changes(tenant.put({ state: 'suspended', connections: [shop()] }))).toEqual(['shop created v1 suspended']);
    tenant.nowMs = 5_000;
    const [lifted] = connectionsOf(tenant.put({ connections: [shop()] }));
    expect(lifted?.next).toMatchObject({ state: 'active', activatedAt: 5_000 });
    tenant.nowMs = 7_000;
    tenant.put({ state: 'suspended', connections: [shop()] });
    expect(connectionsOf(tenant.put({ connections: [shop()] }))[0]?.next).toMatchObject({ version: 4, activatedAt: 5_000 });
  });

  it('makes a version of every connection when the tenant’s country or name changes', () => {
    const tenant = new Tenant();
    tenant.put({ connections: [shop(), ads({ accessToken: 'secret-1' })] });
    expect(changes(tenant.put({ defaultCountry: 'DE', connections: [shop(), ads()] }))).toEqual([
      'shop changed v2 active',
      'ads changed v2 active',
    ]);
  });

  it('refuses what is incomplete, as a whole', () => {
    const change = new Tenant().put({ connections: [shop({ consumerKey: 'ck_1' }), ads()] });
    expect(change).toEqual({
      kind: 'refused',
      problems: [
        { path: 'connections[0].consumerSecret', line: null, message: expect.stringContaining('go together') },
        { path: 'connections[1].accessToken', line: null, message: 'is missing' },
      ],
    });
  });

  it('refuses another kind under the same id', () => {
    const tenant = new Tenant();
    tenant.put({ connections: [shop()] });
    expect(tenant.put({ connections: [{ ...ads({ accessToken: 'secret-1' }), id: 'shop' }] })).toMatchObject({
      kind: 'refused',
      problems: [{ path: 'connections[0].kind' }],
    });
  });

  it('takes secrets anew when the old ones cannot be opened any more', () => {
    const tenant = new Tenant();
    tenant.put({ connections: [ads({ accessToken: 'secret-1' })] });
    tenant.loseKeys();
    expect(tenant.put({ connections: [ads()] }).kind).toBe('refused');
    expect(connectionsOf(tenant.put({ connections: [ads({ accessToken: 'secret-1' })] }))[0]?.next).toMatchObject({
      version: 2,
      secretsVersion: 2,
    });
  });

  it('writes no secret into settings', () => {
    const tenant = new Tenant();
    const written = connectionsOf(
      tenant.put({ connections: [shop({ webhookSecret: 'given-secret' }), ads({ accessToken: 'secret-1' })] }),
    ).map(({ next }) => next?.settings);
    expect(canonicalJson(written)).not.toMatch(/secret-1|given-secret|generated-token/);
  });
});

describe('an address', () => {
  it('leads to one connection in the whole installation', () => {
    const [created] = connectionsOf(new Tenant().put({ connections: [shop({ webhookToken: 'an-address-of-16-or-more' })] }));
    if (created === undefined) throw new Error('nothing was created');
    const hash = addressHash('an-address-of-16-or-more');
    const mine = { tenantId: asTenantId('acme'), connectionId: asConnectionId('shop'), addressHash: hash };
    expect(takenAddresses(asTenantId('acme'), [created], [mine])).toEqual([]);
    expect(takenAddresses(asTenantId('acme'), [created], [mine, { ...mine, tenantId: asTenantId('other') }])).toMatchObject([
      { path: 'connections[0].webhookToken' },
    ]);
  });

  it('may be two while one write key replaces the other, and neither is anybody else’s', () => {
    const tenant = new Tenant();
    const web = (writeKey: unknown): object => ({ id: 'web', kind: 'visits', shop: 'shop', writeKey });
    const hashes = (writeKey: unknown): readonly string[] =>
      connectionsOf(tenant.put({ connections: [shop(), web(writeKey)] })).find(({ id }) => id === 'web')?.addressHashes ?? [];
    const [old, next] = ['write-key-old-0001', 'write-key-new-0002'];
    expect(hashes(old)).toEqual([addressHash(old)]);
    expect(hashes([old, next])).toEqual([addressHash(old), addressHash(next)]);
    expect(hashes(next)).toEqual([addressHash(next)]);
    const both = connectionsOf(tenant.put({ connections: [shop(), web([old, next])] }));
    const theirs = { tenantId: asTenantId('other'), connectionId: asConnectionId('web'), addressHash: addressHash(next) };
    expect(takenAddresses(asTenantId('acme'), both, [theirs])).toMatchObject([{ path: 'connections[1].writeKey' }]);
  });
});
