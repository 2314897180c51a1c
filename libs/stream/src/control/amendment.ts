import type { DesiredTenant, KnownConnection } from '@tributary/config';
import type { ConnectionId } from '@tributary/domain';
import { woocommerceSettingsSchema, type ShopFacts, type ShopKeys } from '@tributary/sources';

/** What a shop tells of itself, or hands over, to the connection that it was asked for. */
export interface Amendment {
  readonly connectionId: ConnectionId;
  /** The shop that was asked; a connection that was led to another one meanwhile takes nothing. */
  readonly storeUrl: string;
  readonly facts?: ShopFacts;
  readonly keys?: ShopKeys;
}

/** The tenant with this connection alone, as it is and amended; null when it is about another shop. */
export function amendedTenant(
  tenant: Omit<DesiredTenant, 'connections'>,
  { id, kind, settings }: Pick<KnownConnection, 'id' | 'kind' | 'settings'>,
  { storeUrl, facts, keys }: Amendment,
): DesiredTenant | null {
  const now = woocommerceSettingsSchema.safeParse(settings);
  if (!now.success || now.data.storeUrl !== storeUrl) return null;
  const amended = { ...now.data, ...(facts === undefined ? {} : { fromShop: facts }) };
  return { ...tenant, connections: [{ id, kind, settings: amended, secrets: { ...keys } }] };
}
