import { eventIdNamesConnection, tiktokDestination, tiktokSettingsSchema, type TiktokSettings } from '@tributary/destinations';
import { woocommerceSource } from '@tributary/sources';
import type { DesiredTenant } from './desired-tenant.js';
import { ProblemList, type Path, type Problem } from './problem.js';

/** Connections of one tenant as they are in force, or would be. */
export interface TenantInForce {
  readonly tenantId: string;
  readonly connections: readonly { readonly id: string; readonly kind: string; readonly state?: string; readonly settings: unknown }[];
}

interface PixelUse {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly place: number;
  readonly settings: TiktokSettings;
  readonly shops: readonly string[];
}

/** What distinguishes pixels: test events never count as live ones. */
const pixelOf = ({ settings: { mode, pixelCode } }: PixelUse): string => `${mode} ${pixelCode}`;

function pixelUses({ tenantId, connections }: TenantInForce): PixelUse[] {
  const shops = connections.filter(({ kind, state }) => kind === woocommerceSource.kind && state !== 'disabled').map(({ id }) => id);
  return connections.flatMap(({ id, kind, state, settings: given }, place) => {
    if (kind !== tiktokDestination.kind || state === 'disabled') return [];
    const settings = tiktokSettingsSchema.parse(given);
    return [{ tenantId, connectionId: id, place, settings, shops: shops.filter((shop) => settings.sources?.includes(shop) ?? true) }];
  });
}

/** Whether an order of one may get the event id of an order of the other, which the vendor would drop. */
const mayMeet = (one: PixelUse, other: PixelUse): boolean =>
  !eventIdNamesConnection(one.settings) || !eventIdNamesConnection(other.settings) || one.shops.some((shop) => other.shops.includes(shop));

const inForce = ({ id, connections }: DesiredTenant): TenantInForce => ({ tenantId: id, connections });

/** The codes of the pixels that a tenant wants to send to, sorted. */
export const pixelCodesOf = (desired: DesiredTenant): readonly string[] =>
  [...new Set(pixelUses(inForce(desired)).map(({ settings }) => settings.pixelCode))].toSorted();

/**
 * Problems of pixels that other tenants send to as well: shops number their orders alike, and the vendor drops the second of two equal
 * event ids. Allowed where both event ids name the connection and no two shops have the same id. `path` is that of the connections.
 */
export function pixelsOfOthers(
  desired: DesiredTenant,
  others: readonly TenantInForce[],
  path: Path = ['connections'],
  problems = new ProblemList(),
): readonly Problem[] {
  const theirs = others.filter(({ tenantId }) => tenantId !== desired.id).flatMap(pixelUses);
  for (const own of pixelUses(inForce(desired))) {
    const other = theirs.find((use) => pixelOf(use) === pixelOf(own) && mayMeet(own, use));
    if (other === undefined) continue;
    problems.add(
      [...path, own.place, 'pixelCode'],
      `is that of connection ${other.connectionId} of tenant ${other.tenantId} already: orders with the same number would count once. ` +
        'Take another pixel, or let the purchase.eventId of both have {connection} and give their shops different ids',
    );
  }
  return problems.all;
}
