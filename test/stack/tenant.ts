import { v7 as uuidv7 } from 'uuid';
import { CONFIG_EVENTS_TOPIC, encodeConnectionConfigured } from '@tributary/codecs';
import { asConnectionId, asTenantId, partitionOf, writeSecretValues } from '@tributary/domain';
import { tiktokSettingsSchema } from '@tributary/destinations';
import { LaneProducer, Registry, TopicAdmin } from '@tributary/kafka';
import { PostgresVaultStore } from '@tributary/postgres';
import { visitsSettingsSchema, woocommerceSettingsSchema } from '@tributary/sources';
import { loadSchemaBook, addressHashOf } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { MasterKeys, Vault } from '@tributary/vault';
import { eventually } from './eventually.js';
import { MASTER_KEY, type Stack } from './stack.js';

export interface ShopSpec {
  readonly id: string;
  readonly token: string;
  readonly webhookSecret: string;
  readonly settings?: object;
}

export interface PixelSpec {
  readonly id: string;
  readonly accessToken: string;
  readonly version?: number;
  readonly state?: 'active' | 'suspended' | 'disabled';
  readonly settings: object;
}

export interface VisitsSpec {
  readonly id: string;
  readonly shop: string;
  readonly writeKeys: readonly string[];
  readonly settings?: object;
}

export interface TenantSpec {
  readonly id: string;
  readonly defaultCountry?: string | null;
  /** Epoch ms; default long ago, so that nothing is before go-live. */
  readonly activatedAt?: number;
  readonly shops: readonly ShopSpec[];
  readonly pixels: readonly PixelSpec[];
  readonly visits?: readonly VisitsSpec[];
}

/** Puts a tenant's settings into the config topic and the vault, and waits until ingest knows its shops. */
export async function configure(stack: Stack, tenant: TenantSpec): Promise<void> {
  const registry = new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null });
  const book = await loadSchemaBook(registry);
  const producer = new LaneProducer(stack.kafka, { lanes: 1, requestTimeoutMs: 5_000 }, createLog('test', 'silent'));
  const admin = await TopicAdmin.connect(stack.kafka);
  const partitions = (await admin.requiredPartitionCounts([CONFIG_EVENTS_TOPIC])).get(CONFIG_EVENTS_TOPIC) ?? 0;
  await admin.close();
  const vault = new Vault({ store: new PostgresVaultStore(stack.sql), masterKeys: MasterKeys.parse(MASTER_KEY) });
  const tenantId = asTenantId(tenant.id);
  const put = async (
    id: string,
    kind: string,
    version: number,
    state: string,
    settings: unknown,
    secrets: Record<string, unknown>,
    addresses: readonly string[],
  ): Promise<void> => {
    const connectionId = asConnectionId(id);
    await vault.putSecrets(tenantId, connectionId, version, writeSecretValues(secrets));
    const key = `${tenant.id}:${id}`;
    const nowMs = Date.now();
    const hashes = addresses.map(addressHashOf);
    const value = encodeConnectionConfigured(book, {
      eventId: uuidv7(),
      tenantId,
      connectionId,
      occurredAt: nowMs,
      receivedAt: nowMs,
      source: 'control',
      version,
      kind,
      state: state as 'active',
      tenantName: tenant.id,
      defaultCountry: tenant.defaultCountry ?? null,
      activatedAt: tenant.activatedAt ?? 1,
      settings: JSON.stringify(settings),
      secretsVersion: version,
      webhookTokenHash: kind === 'woocommerce' ? (hashes[0] ?? null) : null,
      addressHashes: hashes,
    });
    await producer.append({ topic: CONFIG_EVENTS_TOPIC, key, partition: partitionOf(key, partitions), value, headers: {} });
  };
  for (const { id, token, webhookSecret, settings } of tenant.shops) {
    const read = woocommerceSettingsSchema.parse({ storeUrl: 'https://shop.example', country: 'CL', ...settings });
    await put(id, 'woocommerce', 1, 'active', read, { webhookToken: token, webhookSecret }, [token]);
  }
  for (const { id, accessToken, settings, version, state } of tenant.pixels) {
    await put(id, 'tiktok', version ?? 1, state ?? 'active', tiktokSettingsSchema.parse(settings), { accessToken }, []);
  }
  for (const { id, shop, writeKeys, settings } of tenant.visits ?? []) {
    await put(id, 'visits', 1, 'active', visitsSettingsSchema.parse({ shop, ...settings }), { writeKey: writeKeys }, writeKeys);
  }
  await producer.close();
  const ingest = stack.apps.get('ingest');
  if (ingest === undefined) return;
  for (const { token } of tenant.shops) {
    await eventually(`ingest knows ${tenant.id}'s shops`, 10_000, async () => (await postPing(ingest.url, token)).status === 200);
  }
}

const postPing = (ingestUrl: string, token: string): Promise<Response> =>
  fetch(`${ingestUrl}/v1/sources/woocommerce/${token}`, {
    method: 'POST',
    body: 'webhook_id=1',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });

/** Delivers a webhook through the front door. */
export const postWebhook = (
  ingestUrl: string,
  token: string,
  webhook: { readonly rawBody: Buffer; readonly headers: Record<string, string> },
): Promise<Response> =>
  fetch(`${ingestUrl}/v1/sources/woocommerce/${token}`, {
    method: 'POST',
    body: new Uint8Array(webhook.rawBody),
    headers: webhook.headers,
  });
