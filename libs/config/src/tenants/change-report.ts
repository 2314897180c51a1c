import { isConsentRequired, woocommerceSettingsSchema, woocommerceSource } from '@tributary/sources';
import { canonicalJson } from './canonical-json.js';
import type { DesiredTenant } from './desired-tenant.js';
import { isObject } from './schema-problems.js';
import type { ConnectionChange, KnownConnection } from './tenant-change.js';

const pathsThatDiffer = (before: unknown, after: unknown, path: string): string[] => {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return [];
  if (!isObject(before) || !isObject(after)) return [path];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
    pathsThatDiffer(before[name], after[name], path === '' ? name : `${path}.${name}`),
  );
};

/** What a new version changes, in words that name fields and never values; empty when there is no new version. */
export function whatChanged({ change, next, generated }: ConnectionChange, known: KnownConnection | undefined): readonly string[] {
  if (next === null) return [];
  const made = Object.keys(generated).map((name) => `${name} generated`);
  if (change === 'created' || known === undefined) return ['created', ...made];
  const secrets = next.secrets;
  const changed = [
    ...(known.state === next.state ? [] : [`state ${known.state} → ${next.state}`]),
    ...(known.tenantName === next.tenantName ? [] : ['tenant name']),
    ...(known.defaultCountry === next.defaultCountry ? [] : ['defaultCountry']),
    ...pathsThatDiffer(known.settings, JSON.parse(next.settings), '').toSorted(),
    ...(secrets === null
      ? []
      : Object.keys(secrets).filter(
          (name) => generated[name] === undefined && canonicalJson(known.secrets?.[name] ?? null) !== canonicalJson(secrets[name]),
        )),
    ...(secrets === null ? [] : Object.keys(known.secrets ?? {}).filter((name) => secrets[name] === undefined)).map(
      (name) => `${name} removed`,
    ),
    ...made,
  ];
  return changed.length > 0 ? changed : ['told anew: the apps had heard of a later version'];
}

/** What the consent rule says of a shop, and why. */
export interface ConsentDecision {
  readonly connection: string;
  readonly required: boolean;
  readonly because: string;
}

/** The consent rule's answer for each shop of a tenant, by its settings and what the shop said of itself before. */
export const consentDecisions = (
  { connections, defaultCountry }: DesiredTenant,
  known: readonly KnownConnection[],
): readonly ConsentDecision[] =>
  connections
    .filter(({ kind }) => kind === woocommerceSource.kind)
    .map(({ id, settings }) => {
      const inForce = woocommerceSource.keep(settings, known.find((connection) => connection.id === id)?.settings);
      const { isRequired, explanation } = isConsentRequired(woocommerceSettingsSchema.parse(inForce), defaultCountry);
      return { connection: id, required: isRequired, because: explanation };
    });
