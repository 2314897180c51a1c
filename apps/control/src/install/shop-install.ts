import { DESTINATIONS } from '@tributary/destinations';
import { readSecretValues, type TenantId } from '@tributary/domain';
import type { PurchaseRules, ShopInstall } from '@tributary/install-kit';
import {
  isConsentRequired,
  visitsSecretsSchema,
  visitsSettingsSchema,
  woocommerceSettingsSchema,
  woocommerceSource,
} from '@tributary/sources';
import type { StoredConnection } from '@tributary/stream';
import type { Vault } from '@tributary/vault';

const VISITS = 'visits';
/** Why nothing can be written for a connection; the text says what to do. */
export interface CannotInstall {
  readonly why: string;
}

type Rows = readonly StoredConnection[];

/** The pixel of the shop: of the first active TikTok connection that takes this shop's orders. */
function purchaseRules(rows: Rows, shopId: string): PurchaseRules | null {
  for (const { kind, state, settings } of rows) {
    if (kind !== 'tiktok' || state !== 'active') continue;
    const { sources, pixelCode, purchase } = DESTINATIONS.tiktok.settingsSchema.parse(settings);
    if (sources?.includes(shopId) ?? true) return { pixelCode, ...purchase };
  }
  return null;
}

/** A connection's values as its shop installs them; secrets are opened for the write key alone. */
export async function shopInstallOf(
  rows: Rows,
  tenantId: TenantId,
  connectionId: string,
  collectorUrl: string,
  vault: Pick<Vault, 'getSecrets'>,
): Promise<ShopInstall | CannotInstall> {
  const visits = rows.find(({ id, kind, state }) => id === connectionId && kind === VISITS && state === 'active');
  if (visits === undefined) return { why: 'There is no active visits connection of this name; GET …/connections lists them.' };
  const { shop: shopId } = visitsSettingsSchema.parse(visits.settings);
  const shop = rows.find(({ id, kind }) => id === shopId && kind === woocommerceSource.kind);
  if (shop === undefined) return { why: `Its shop «${shopId}» is not there any more; name another one in the connection’s settings.` };
  const settings = woocommerceSettingsSchema.parse(shop.settings);
  const secrets = readSecretValues(await vault.getSecrets(tenantId, visits.id, visits.secretsVersion));
  // While one key replaces another, the first is the one to install.
  const [writeKey = ''] = visitsSecretsSchema.parse(secrets).writeKey;
  return {
    tenantId,
    connectionId,
    shopConnectionId: shopId,
    storeUrl: settings.storeUrl,
    collectorUrl,
    writeKey,
    isConsentRequired: isConsentRequired(settings, shop.defaultCountry).isRequired,
    purchase: purchaseRules(rows, shopId),
  };
}
