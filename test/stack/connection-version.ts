import { v7 as uuidv7 } from 'uuid';
import { CONFIG_EVENTS_TOPIC, encodeConnectionConfigured, type ConnectionConfigured } from '@tributary/codecs';
import { addressHash, asConnectionId, asTenantId, partitionOf, writeSecretValues } from '@tributary/domain';
import { LaneProducer, Registry, withTopicAdmin } from '@tributary/kafka';
import { PostgresVaultStore } from '@tributary/postgres';
import { woocommerceSettingsSchema } from '@tributary/sources';
import { loadSchemaBook } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { MasterKeys, Vault } from '@tributary/vault';
import { eventually } from './eventually.js';
import { MASTER_KEY, type Stack } from './stack.js';

/** One version of a connection as a spec wants it; `settings` are complete. */
export interface ConnectionVersion extends Pick<ConnectionConfigured, 'kind' | 'version'> {
  readonly tenantId: string;
  readonly id: string;
  readonly state?: ConnectionConfigured['state'];
  readonly defaultCountry?: string | null;
  /** Epoch ms; default long ago, so that nothing is before go-live. */
  readonly activatedAt?: number;
  readonly settings: unknown;
  /** What leads arrivals to it: webhook tokens, write keys. */
  readonly addresses: readonly string[];
  /** As tenants.yaml has them. */
  readonly secrets: Readonly<Record<string, unknown>>;
}

/**
 * Puts versions of connections into the vault and the config topic, as control does: the one way in which specs set up a tenant.
 * Specs of control and of `apply` ask control itself. The others do not, on purpose: they choose versions, states and a moment of
 * activation that control never gives away; most of them need no third app (some two seconds and 165 MiB per file); and the fault
 * specs set the database back and stop servers, where control's own tables would have a part in what they see.
 */
export async function putConnectionVersions(stack: Stack, connections: readonly ConnectionVersion[]): Promise<void> {
  const vault = new Vault({ store: new PostgresVaultStore(stack.sql), masterKeys: MasterKeys.parse(MASTER_KEY) });
  const book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
  const counts = await withTopicAdmin(stack.kafka, (admin) => admin.requiredPartitionCounts([CONFIG_EVENTS_TOPIC]));
  const producer = new LaneProducer(stack.kafka, { lanes: 1, requestTimeoutMs: 5_000 }, createLog('test', 'silent'));
  const nowMs = Date.now();
  for (const { tenantId, id, version, kind, secrets, addresses, ...connection } of connections) {
    await vault.putSecrets(asTenantId(tenantId), asConnectionId(id), version, writeSecretValues(secrets));
    const hashes = addresses.map(addressHash);
    const value = encodeConnectionConfigured(book, {
      eventId: uuidv7(),
      tenantId: asTenantId(tenantId),
      connectionId: asConnectionId(id),
      occurredAt: nowMs,
      receivedAt: nowMs,
      source: 'control',
      version,
      kind,
      state: connection.state ?? 'active',
      tenantName: tenantId,
      defaultCountry: connection.defaultCountry ?? null,
      activatedAt: connection.activatedAt ?? 1,
      settings: JSON.stringify(connection.settings),
      secretsVersion: version,
      webhookTokenHash: kind === 'woocommerce' ? (hashes[0] ?? null) : null,
      addressHashes: hashes,
    });
    const key = `${tenantId}:${id}`;
    const partition = partitionOf(key, counts.get(CONFIG_EVENTS_TOPIC) ?? 0);
    await producer.append({ topic: CONFIG_EVENTS_TOPIC, key, partition, value, headers: {} });
  }
  await producer.close();
}

/** A woocommerce connection that says no more than it must, plus `settings`. */
export const shopSettings = (settings: object = {}): unknown =>
  woocommerceSettingsSchema.parse({ storeUrl: 'https://shop.example', country: 'CL', ...settings });

export interface ShopVersion extends Pick<ConnectionVersion, 'tenantId' | 'id' | 'version' | 'state'> {
  readonly secrets: Readonly<Record<string, unknown>> & { readonly webhookToken: string };
  readonly settings?: object;
}

/** Puts one version of a shop, and waits until ingest has folded it. */
export async function putShopVersion(stack: Stack, shop: ShopVersion): Promise<void> {
  await putConnectionVersions(stack, [
    { ...shop, kind: 'woocommerce', settings: shopSettings(shop.settings), addresses: [shop.secrets.webhookToken] },
  ]);
  await eventually(`ingest has folded version ${shop.version} of ${shop.tenantId}:${shop.id}`, 10_000, async () => {
    const rows = await stack.sql.query<{ version: number }>(
      '',
      'select version from ingest.connections where tenant_id = $1 and connection_id = $2',
      [shop.tenantId, shop.id],
    );
    return rows[0]?.version === shop.version;
  });
}
