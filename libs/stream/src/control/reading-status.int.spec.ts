import { asTenantId } from '@tributary/domain';
import { OwnDatabase } from '../../../../test/integration/own-database.js';
import { shopFigures } from './reading-status.js';

const database = new OwnDatabase('status');
const ACME = asTenantId('acme');

beforeAll(() => database.create());
afterAll(() => database.drop());

const connect = (tenant: string, id: string, kind: string, state: string): Promise<unknown> =>
  database.sql.query(
    '',
    `insert into ingest.connections (tenant_id, connection_id, version, kind, state, activated_at, configured_at, settings, secrets_version)
     values ($1, $2, 1, $3, $4, 0, 0, '{}', 1)`,
    [tenant, id, kind, state],
  );

const effect = (
  app: string,
  number: number,
  shop: string,
  state: string,
  mode = 'live',
  matchKeys: readonly string[] | null = null,
): Promise<unknown> =>
  database.sql.query(
    '',
    `insert into ${app}.ledger_entries
       (ledger_key, tenant_id, destination_connection_id, source_connection_id, reference, event_name, revision, mode, version, state,
        observation_id, settings_version, event_time, attempt_count, attempts, planned_at, settled_at)
     values ($1, 'acme', 'ads', $2, $1, 'Purchase', '0', $3, 1, $4, 'o', 1, 0, 1, $5, $6, $7)`,
    [
      String(number),
      shop,
      mode,
      state,
      JSON.stringify(
        matchKeys === null
          ? []
          : [
              { matchKeys, outcome: 'unknown' },
              { matchKeys: [], outcome: 'absent' },
            ],
      ),
      number,
      state === 'delivered' ? number + 5 : null,
    ],
  );

it('tells of each shop when it was last heard of, what waits for whom, and what its newest requests said', async () => {
  await connect('acme', 'shop', 'woocommerce', 'active');
  await connect('acme', 'quiet', 'woocommerce', 'suspended');
  await connect('acme', 'gone', 'woocommerce', 'disabled');
  await connect('acme', 'web', 'visits', 'active');
  await connect('beta', 'shop', 'woocommerce', 'active');
  await database.sql.query(
    '',
    `insert into orders.heads (tenant_id, connection_id, order_id, observed_at, is_vanished, status)
     values ('acme', 'shop', '1', 70, false, 'processing'), ('acme', 'shop', '2', 90, false, 'pending'), ('beta', 'shop', '1', 99, false, 'pending')`,
  );
  await effect('tiktok', 1, 'shop', 'delivered', 'live', ['email']);
  await effect('tiktok', 2, 'shop', 'delivered', 'live', ['email', 'ttclid']);
  await effect('tiktok', 3, 'shop', 'delivered', 'test', ['phone']);
  await effect('tiktok', 4, 'shop', 'planned');
  await effect('tiktok', 5, 'shop', 'parked');
  await effect('fulfillment', 6, 'shop', 'unknown');
  const quiet = {
    shop: 'quiet',
    state: 'suspended',
    lastOrderAt: null,
    lastConversionAt: null,
    waiting: 0,
    parked: 0,
    newestMatchKeys: [],
  };
  expect(await shopFigures(database.sql, 'tiktok', ['tiktok', 'fulfillment'], ACME)).toEqual([
    quiet,
    {
      shop: 'shop',
      state: 'active',
      lastOrderAt: 90,
      lastConversionAt: 7,
      waiting: 2,
      parked: 1,
      newestMatchKeys: [['email', 'ttclid'], ['email']],
    },
  ]);
});
