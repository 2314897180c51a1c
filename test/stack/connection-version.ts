import { v7 as uuidv7 } from 'uuid';
import { CONFIG_EVENTS_TOPIC, encodeConnectionConfigured, type ConnectionConfigured } from '@tributary/codecs';
import { asConnectionId, asTenantId, partitionOf, writeSecretValues } from '@tributary/domain';
import { LaneProducer, Registry, TopicAdmin } from '@tributary/kafka';
import { PostgresVaultStore } from '@tributary/postgres';
import { woocommerceSettingsSchema } from '@tributary/sources';
import { loadSchemaBook, addressHashOf } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { MasterKeys, Vault } from '@tributary/vault';
import { eventually } from './eventually.js';
import { MASTER_KEY, type Stack } from './stack.js';

export interface ShopVersion {
  readonly tenantId: string;
  readonly id: string;
  readonly version: number;
  readonly state?: ConnectionConfigured['state'];
  /** As tenants.yaml has them: `webhookToken`, `webhookSecret` (one or two), `consumerKey`, `consumerSecret`. */
  readonly secrets: Readonly<Record<string, unknown>> & { readonly webhookToken: string };
  readonly settings?: object;
}

/** Puts one version of a shop into the config topic and the vault, and waits until ingest has folded it. */
export async function putShopVersion(stack: Stack, shop: ShopVersion): Promise<void> {
  const tenantId = asTenantId(shop.tenantId);
  const connectionId = asConnectionId(shop.id);
  const vault = new Vault({ store: new PostgresVaultStore(stack.sql), masterKeys: MasterKeys.parse(MASTER_KEY) });
  await vault.putSecrets(tenantId, connectionId, shop.version, writeSecretValues(shop.secrets));
  const book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
  const admin = await TopicAdmin.connect(stack.kafka);
  const partitions = (await admin.requiredPartitionCounts([CONFIG_EVENTS_TOPIC])).get(CONFIG_EVENTS_TOPIC) ?? 0;
  await admin.close();
  const nowMs = Date.now();
  const value = encodeConnectionConfigured(book, {
    eventId: uuidv7(),
    tenantId,
    connectionId,
    occurredAt: nowMs,
    receivedAt: nowMs,
    source: 'control',
    version: shop.version,
    kind: 'woocommerce',
    state: shop.state ?? 'active',
    tenantName: shop.tenantId,
    defaultCountry: null,
    activatedAt: 1,
    settings: JSON.stringify(woocommerceSettingsSchema.parse({ storeUrl: 'https://shop.example', country: 'CL', ...shop.settings })),
    secretsVersion: shop.version,
    webhookTokenHash: addressHashOf(shop.secrets.webhookToken),
    addressHashes: [addressHashOf(shop.secrets.webhookToken)],
  });
  const key = `${shop.tenantId}:${shop.id}`;
  const producer = new LaneProducer(stack.kafka, { lanes: 1, requestTimeoutMs: 5_000 }, createLog('test', 'silent'));
  await producer.append({ topic: CONFIG_EVENTS_TOPIC, key, partition: partitionOf(key, partitions), value, headers: {} });
  await producer.close();
  await eventually(`ingest has folded version ${shop.version} of ${key}`, 10_000, async () => {
    const rows = await stack.sql.query<{ version: number }>(
      '',
      'select version from ingest.connections where tenant_id = $1 and connection_id = $2',
      [shop.tenantId, shop.id],
    );
    return rows[0]?.version === shop.version;
  });
}
