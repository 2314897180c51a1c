import { eventIdNamesConnection, tiktokDestination, tiktokSettingsSchema, type TiktokSettings } from '@tributary/destinations';
import type { ConnectionKind } from './connection-kinds.js';
import type { ConnectionReading } from './desired-tenant.js';
import type { Path, ProblemList } from './problem.js';

type Role = ConnectionKind['role'];
type Places = readonly ConnectionReading[];

/** Whether `id` is that of a connection in one of these roles; one of an unknown kind has its own problem already. */
const isThere = (places: Places, id: unknown, roles: readonly Role[]): boolean =>
  places.some((place) => place.id === id && (place.kind === undefined || roles.includes(place.kind.role)));

function checkSources({ fields, kind }: ConnectionReading, places: Places, path: Path, problems: ProblemList): void {
  const named = fields['sources'];
  if (kind?.role !== 'destination' || !Array.isArray(named)) return;
  (named as unknown[]).forEach((id, index) => {
    if (typeof id !== 'string') return;
    const at = [...path, 'sources', index];
    if (named.indexOf(id) !== index) problems.add(at, `names ${id} twice`);
    else if (!isThere(places, id, ['shop', 'visits'])) problems.add(at, `there is no shop or visits connection ${id} in this tenant`);
  });
}

function checkShop({ fields, kind }: ConnectionReading, places: Places, path: Path, problems: ProblemList): void {
  const { shop } = fields;
  if (kind?.role !== 'visits' || typeof shop !== 'string' || isThere(places, shop, ['shop'])) return;
  problems.add([...path, 'shop'], `there is no woocommerce connection ${shop} in this tenant`);
}

interface PixelUse {
  readonly place: number;
  readonly settings: TiktokSettings;
  readonly shops: readonly string[];
}

function pixelUses(places: Places): Map<string, PixelUse[]> {
  const shops = places.flatMap(({ id, kind }) => (typeof id === 'string' && kind?.role === 'shop' ? [id] : []));
  const uses = places.flatMap(({ connection }, place): PixelUse[] => {
    if (connection?.kind !== tiktokDestination.kind) return [];
    const settings = tiktokSettingsSchema.parse(connection.settings);
    return [{ place, settings, shops: shops.filter((id) => settings.sources?.includes(id) ?? true) }];
  });
  return Map.groupBy(uses, ({ settings }) => `${settings.mode} ${settings.pixelCode}`);
}

/** Without something between them, shop `a1` with order `2` and shop `a` with order `12` would give one event id. */
const RUNS_TOGETHER = /\{connection\}\{order|\{order(?:Id|Number)\}\{connection\}/;

/**
 * Shops number their orders alike, and the vendor drops the second of two equal event ids: so where two shops meet on one pixel
 * their event ids must differ. One shop that reaches a pixel through two connections would count every order twice.
 */
function checkPixels(places: Places, path: Path, problems: ProblemList): void {
  for (const uses of pixelUses(places).values()) {
    const shops = new Set(uses.flatMap((use) => use.shops));
    if (shops.size > 1) {
      for (const { place, settings } of uses.filter((use) => !eventIdNamesConnection(use.settings))) {
        problems.add(
          [...path, place, 'purchase', 'eventId'],
          `needs {connection}: the shops ${[...shops].join(', ')} share pixel ${settings.pixelCode}, and orders with the same number would count once`,
        );
      }
      for (const { place } of uses.filter((use) => RUNS_TOGETHER.test(use.settings.purchase.eventId))) {
        problems.add(
          [...path, place, 'purchase', 'eventId'],
          'needs something between {connection} and the order, such as _: two shops share this pixel',
        );
      }
    }
    for (const [index, { place, shops: own }] of uses.entries()) {
      const twice = own.filter((shop) => uses.slice(0, index).some((earlier) => earlier.shops.includes(shop)));
      if (twice.length > 0) {
        problems.add(
          [...path, place, 'sources'],
          `the orders of ${twice.join(', ')} reach this pixel through another connection already: each would count twice`,
        );
      }
    }
  }
}

/** The rules that hold between a tenant's connections. `path` is that of the list. */
export function checkTogether(places: Places, path: Path, problems: ProblemList): void {
  places.forEach((place, index) => {
    checkSources(place, places, [...path, index], problems);
    checkShop(place, places, [...path, index], problems);
  });
  checkPixels(places, path, problems);
}
