import { DESTINATIONS } from '@tributary/destinations';
import { readSecretValues, type Alert, type TenantId } from '@tributary/domain';
import {
  checkShop,
  visitsSettingsSchema,
  woocommerceSettingsSchema,
  woocommerceSource,
  type Check,
  type ShopScene,
} from '@tributary/sources';
import type { ShopKnowledge, StoredConnection } from '@tributary/stream';
import type { Vault } from '@tributary/vault';
import type { CheckedConnection } from './check.openapi.js';

/** All that is known of a tenant's connections. */
export interface TenantScene {
  readonly tenantId: TenantId;
  readonly connections: readonly StoredConnection[];
  readonly knowledge: ShopKnowledge;
  readonly alerts: readonly Alert[];
  readonly vault: Pick<Vault, 'getSecrets'>;
  /** Epoch ms. */
  readonly now: number;
}

const VISITS = 'visits';
/** The destination that is told what parcels weigh. */
const { destination: courier, settingsSchema: courierSettingsSchema } = DESTINATIONS.trackingtech;

const alertsOf = ({ alerts }: TenantScene, id: string): readonly string[] =>
  [...new Set(alerts.filter(({ connectionId }) => connectionId === id).map(({ kind }) => kind))].toSorted();

async function sceneOf(tenant: TenantScene, { id, state, settings, secretsVersion }: StoredConnection): Promise<ShopScene> {
  const { tenantId, connections, knowledge, vault, now } = tenant;
  const secrets = readSecretValues(await vault.getSecrets(tenantId, id, secretsVersion));
  const poll = knowledge.polls.get(id);
  const visits = connections.filter(
    (other) => other.kind === VISITS && other.state === 'active' && visitsSettingsSchema.parse(other.settings).shop === id,
  );
  const couriers = connections.filter(
    (other) =>
      other.kind === courier.kind &&
      other.state === 'active' &&
      (courierSettingsSchema.parse(other.settings).sources?.includes(id) ?? true),
  );
  return {
    now,
    settings: woocommerceSettingsSchema.parse(settings),
    isActive: state === 'active',
    hasKeys: secrets['consumerKey'] !== undefined,
    poll: poll ?? null,
    report: poll?.report ?? null,
    seen: knowledge.seen.get(id) ?? {},
    visits: visits.map((other) => ({ id: other.id, lastVisitAt: knowledge.seen.get(other.id)?.visit ?? null })),
    weighedFor: couriers.map((other) => other.id),
    alerts: alertsOf(tenant, id),
  };
}

/** Connections of other kinds have no look of their own yet: what is wrong with them stands in their alerts. */
function checkAlertsOnly(tenant: TenantScene, { id, state }: StoredConnection): readonly Check[] {
  if (state !== 'active') return [{ name: 'connection', verdict: 'note', what: 'it is suspended', todo: null }];
  const open = alertsOf(tenant, id);
  if (open.length === 0) return [{ name: 'alerts', verdict: 'good', what: 'none is open', todo: null }];
  const todo = '«tributary alerts» says what happened and what to do.';
  return [{ name: 'alerts', verdict: 'bad', what: `open: ${open.join(', ')}`, todo }];
}

/** Every connection that is not disabled, with its lines. */
export async function checkTenant(tenant: TenantScene): Promise<CheckedConnection[]> {
  const checked: CheckedConnection[] = [];
  for (const connection of tenant.connections) {
    if (connection.state === 'disabled') continue;
    const isShop = connection.kind === woocommerceSource.kind;
    const checks = isShop ? checkShop(await sceneOf(tenant, connection)) : checkAlertsOnly(tenant, connection);
    checked.push({
      tenant: tenant.tenantId,
      connection: connection.id,
      kind: connection.kind,
      isGood: checks.every(({ verdict }) => verdict !== 'bad'),
      checks: [...checks],
    });
  }
  return checked;
}
