import { tiktokSettingsSchema, trackingtechSettingsSchema } from '@tributary/destinations';
import { visitsSettingsSchema } from '@tributary/sources';
import { putConnectionVersions, shopSettings, type ConnectionVersion } from './connection-version.js';
import { eventually } from './eventually.js';
import type { Stack } from './stack.js';

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

export interface CourierSpec {
  readonly id: string;
  /** Null: not connected yet. */
  readonly token: string | null;
  readonly version?: number;
  readonly state?: 'active' | 'suspended' | 'disabled';
  readonly settings?: object;
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
  readonly couriers?: readonly CourierSpec[];
}

/** Puts a tenant's settings into the config topic and the vault, and waits until ingest knows its shops. */
export async function configure(stack: Stack, tenant: TenantSpec): Promise<void> {
  const { id: tenantId, defaultCountry = null, activatedAt = 1 } = tenant;
  const shops = tenant.shops.map(({ id, token, webhookSecret, settings }): ConnectionVersion => ({
    tenantId,
    id,
    defaultCountry,
    activatedAt,
    version: 1,
    kind: 'woocommerce',
    settings: shopSettings(settings),
    addresses: [token],
    secrets: { webhookToken: token, webhookSecret },
  }));
  const pixels = tenant.pixels.map(({ id, accessToken, settings, version = 1, state = 'active' }): ConnectionVersion => ({
    tenantId,
    id,
    defaultCountry,
    activatedAt,
    version,
    state,
    kind: 'tiktok',
    settings: tiktokSettingsSchema.parse(settings),
    addresses: [],
    secrets: { accessToken },
  }));
  const visits = (tenant.visits ?? []).map(({ id, shop, writeKeys, settings }): ConnectionVersion => ({
    tenantId,
    id,
    defaultCountry,
    activatedAt,
    version: 1,
    kind: 'visits',
    settings: visitsSettingsSchema.parse({ shop, ...settings }),
    addresses: writeKeys,
    secrets: { writeKey: writeKeys },
  }));
  const couriers = (tenant.couriers ?? []).map(({ id, token, settings, version = 1, state = 'active' }): ConnectionVersion => ({
    tenantId,
    id,
    defaultCountry,
    activatedAt,
    version,
    state,
    kind: 'trackingtech',
    settings: trackingtechSettingsSchema.parse({ courierCode: 'COURIER-1', storeId: '77', customerId: '4711', ...settings }),
    addresses: [],
    secrets: token === null ? {} : { token },
  }));
  await putConnectionVersions(stack, [...shops, ...pixels, ...visits, ...couriers]);
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
