import { addressHash, asConnectionId, asTenantId } from '@tributary/domain';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { ManagedWebhooks } from './managed-webhooks.store.js';
import { ShopDirectory } from './shop-directory.js';
import { Sightings } from './sightings.store.js';

const database = new OwnDatabase('managed_webhooks');
const SHOP = { tenantId: asTenantId('acme'), connectionId: asConnectionId('shop') };
const OTHER = { ...SHOP, connectionId: asConnectionId('other') };
const TOKEN = 'a-token-of-a-managed-webhook';

const connection = (state: string): Promise<unknown> =>
  database.sql.query(
    '',
    `insert into ingest.connections (tenant_id, connection_id, version, kind, state, activated_at, configured_at, settings, secrets_version, webhook_token_hash)
     values ('acme', 'shop', 1, 'woocommerce', $1, 1, 1, '{"storeUrl":"https://shop.example"}', 1, $2)`,
    [state, addressHash('the-token-of-the-file')],
  );

let webhooks: ManagedWebhooks;
beforeAll(() => database.create());
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql.query('', 'truncate ingest.connections, ingest_ops.managed_webhooks, ingest_ops.sightings');
  webhooks = new ManagedWebhooks(database.sql);
});

describe('webhooks that we made', () => {
  it('are kept by shop, from the moment before the shop is told until they are forgotten', async () => {
    const number = await webhooks.add(SHOP, 'order.updated', addressHash(TOKEN));
    await webhooks.add(OTHER, 'order.updated', addressHash('another-token-altogether'));
    const own = { number, topic: 'order.updated', tokenHash: addressHash(TOKEN), webhookId: null, isDistrusted: false };
    expect(await webhooks.of(SHOP)).toEqual({ own: [own], retiredHashes: new Set() });
    await webhooks.created(number, 4_711);
    await webhooks.distrust(number);
    expect((await webhooks.of(SHOP)).own).toEqual([{ ...own, webhookId: 4_711, isDistrusted: true }]);
    await webhooks.retire([number]);
    expect(await webhooks.of(SHOP)).toEqual({ own: [], retiredHashes: new Set([own.tokenHash]) });
    await webhooks.forget(SHOP, 60_000);
    expect(await webhooks.load()).toHaveLength(2);
    await webhooks.forget(SHOP, -1_000);
    expect(await webhooks.load()).toHaveLength(1);
  });

  it('lead arrivals to their shop at once, also after they were replaced, and nowhere once they are forgotten', async () => {
    await connection('active');
    const directory = new ShopDirectory(database.sql, 'ingest');
    expect(await directory.find('an-address-that-nobody-made')).toBeUndefined();
    const number = await webhooks.add(SHOP, 'order.updated', addressHash(TOKEN));
    expect(await directory.find(TOKEN)).toMatchObject({ shop: SHOP, managed: { number, topic: 'order.updated' } });
    expect(await directory.find('the-token-of-the-file')).toMatchObject({ shop: SHOP, managed: null });
    await webhooks.retire([number]);
    await directory.refresh();
    expect(await directory.find(TOKEN)).toMatchObject({ managed: { number } });
    await webhooks.forget(SHOP, -1_000);
    await directory.refresh();
    expect(await directory.find(TOKEN)).toBeUndefined();
  });

  it('of a disabled connection lead nowhere', async () => {
    await connection('disabled');
    await webhooks.add(SHOP, 'order.updated', addressHash(TOKEN));
    expect(await new ShopDirectory(database.sql, 'ingest').find(TOKEN)).toBeUndefined();
  });
});

describe('sightings', () => {
  const seen = (): Promise<unknown[]> =>
    database.sql.query(
      '',
      `select connection_id as id, kind, (extract(epoch from last_at) * 1000)::bigint as at from ingest_ops.sightings order by 1, 2`,
    );

  it('keep the latest moment of each kind, and never go back', async () => {
    const sightings = new Sightings(database.sql, () => undefined);
    sightings.note(SHOP, 'webhook', 2_000);
    sightings.note(SHOP, 'webhook', 1_000);
    sightings.note(OTHER, 'visit', 3_000);
    await sightings.save();
    sightings.note(SHOP, 'webhook', 1_500);
    sightings.note(OTHER, 'visit', 4_000);
    await sightings.stop();
    expect(await seen()).toEqual([
      { id: 'other', kind: 'visit', at: 4_000 },
      { id: 'shop', kind: 'webhook', at: 2_000 },
    ]);
  });

  it('tell when they cannot be saved, and go on', async () => {
    const failures: unknown[] = [];
    const broken = { query: () => Promise.reject(new Error('away')), transaction: () => Promise.reject(new Error('away')) };
    const sightings = new Sightings(broken, (error) => failures.push(error));
    sightings.note(SHOP, 'webhook', 1);
    await sightings.stop();
    expect(failures).toHaveLength(1);
  });
});
