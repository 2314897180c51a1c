import { eventIdNamesConnection, tiktokDestination, tiktokSettingsSchema, type TiktokSettings } from '@tributary/destinations';
import { connectionKind } from './connection-kinds.js';
import type { DesiredConnection } from './desired-tenant.js';
import type { Path, ProblemList } from './problem.js';

type Places = readonly (DesiredConnection | undefined)[];

const roleOf = (connection: DesiredConnection | undefined): string | undefined => (connection === undefined ? undefined : connectionKind(connection.kind)?.role);

const idsOf = (places: Places, isWanted: (role: string | undefined) => boolean): ReadonlySet<string> =>
  new Set(places.flatMap((connection) => (connection !== undefined && isWanted(roleOf(connection)) ? [connection.id as string] : [])));

/** Whatever may be named although it could not be read: its own problem is told already. */
const hasUnreadable = (places: Places): boolean => places.includes(undefined);

function checkSources(connection: DesiredConnection, places: Places, path: Path, problems: ProblemList): void {
  const named = connection.settings['sources'];
  if (!Array.isArray(named)) return;
  const known = idsOf(places, (role) => role === 'shop' || role === 'visits');
  (named as readonly string[]).forEach((id, index) => {
    const at = [...path, 'sources', index];
    if (named.indexOf(id) !== index) problems.add(at, `names ${id} twice`);
    else if (!known.has(id) && !(hasUnreadable(places) && places.every((place) => place?.id !== id))) problems.add(at, `there is no shop or visits connection ${id} in this tenant`);
  });
}

function checkShop(connection: DesiredConnection, places: Places, path: Path, problems: ProblemList): void {
  const shop = connection.settings['shop'];
  if (connection.kind !== 'visits' || typeof shop !== 'string' || idsOf(places, (role) => role === 'shop').has(shop)) return;
  if (hasUnreadable(places) && places.every((place) => place?.id !== shop)) return;
  problems.add([...path, 'shop'], `there is no woocommerce connection ${shop} in this tenant`);
}

interface PixelUse {
  readonly place: number;
  readonly settings: TiktokSettings;
  readonly shops: readonly string[];
}

function pixelUses(places: Places): Map<string, PixelUse[]> {
  const shops = [...idsOf(places, (role) => role === 'shop')];
  const uses = places.flatMap((connection, place): PixelUse[] => {
    if (connection?.kind !== tiktokDestination.kind) return [];
    const settings = tiktokSettingsSchema.parse(connection.settings);
    return [{ place, settings, shops: shops.filter((id) => settings.sources?.includes(id) ?? true) }];
  });
  return Map.groupBy(uses, ({ settings }) => `${settings.mode} ${settings.pixelCode}`);
}

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
    }
    for (const [index, { place, shops: own }] of uses.entries()) {
      const twice = own.filter((shop) => uses.slice(0, index).some((earlier) => earlier.shops.includes(shop)));
      if (twice.length > 0) {
        problems.add([...path, place, 'sources'], `the orders of ${twice.join(', ')} reach this pixel through another connection already: each would count twice`);
      }
    }
  }
}

/** The rules that hold between a tenant's connections. `path` is that of the list. */
export function checkTogether(places: Places, path: Path, problems: ProblemList): void {
  places.forEach((connection, index) => {
    if (connection === undefined) return;
    checkSources(connection, places, [...path, index], problems);
    checkShop(connection, places, [...path, index], problems);
  });
  checkPixels(places, path, problems);
}
