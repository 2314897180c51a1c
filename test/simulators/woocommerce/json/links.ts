import { writtenDate } from '../shop/clock.ts';
import type { Ground } from '../shop/ground.ts';
import type { JsonObject } from './json.ts';

const ALL_METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Address of a wc/v3 resource. */
export const linkTo = ({ site }: Ground, origin: string, path: string): string => `${origin}/${site.restPrefix}/wc/v3/${path}`;

/** `_links` of one item of a collection. */
export function linksOf(ground: Ground, origin: string, collection: string, id: number | string, allow = ALL_METHODS): JsonObject {
  const hints = ground.traits.linksHaveTargetHints ? { targetHints: { allow } } : {};
  return {
    self: [{ href: linkTo(ground, origin, `${collection}/${id}`), ...hints }],
    collection: [{ href: linkTo(ground, origin, collection) }],
  };
}

/** A date twice, in the site's time and in UTC, both without zone: `date_created`, `date_created_gmt`. */
export const dateFields = ({ site }: Ground, name: string, seconds: number | null): JsonObject => ({
  [name]: seconds === null ? null : writtenDate(seconds + site.utcOffsetMinutes * 60),
  [`${name}_gmt`]: seconds === null ? null : writtenDate(seconds),
});
