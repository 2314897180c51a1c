import { desiredTenant, readTenantEntry, type DesiredTenant, type TenantReading } from './desired-tenant.js';
import { readFileTree } from './file-tree.js';
import { ProblemList, type Path, type Problem } from './problem.js';
import { isObject } from './schema-problems.js';
import { resolveReferences, type Resolved, type SecretReference } from './secret-references.js';
import { pixelsOfOthers } from './shared-pixels.js';
import { addressesIn } from './tenant-change.js';
import { checkTogether } from './tenant-rules.js';

export type Refused = { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/** One tenant of a file, and the body that asks the control API for it (secrets in clear: never print it). */
export interface TenantToApply {
  readonly tenant: DesiredTenant;
  readonly body: unknown;
}

export type FileReading = { readonly kind: 'read'; readonly tenants: readonly TenantToApply[] } | Refused;
export type BodyReading = { readonly kind: 'read'; readonly tenant: DesiredTenant } | Refused;

/** Addresses (webhook tokens, write keys) must lead to one connection in the whole installation. */
function checkAddresses(readings: readonly (TenantReading | undefined)[], pathOf: (index: number) => Path, problems: ProblemList): void {
  const seen = new Map<string, string>();
  readings.forEach((reading, tenantIndex) => {
    reading?.connections.forEach(({ id, kind, fields }, index) => {
      const field = kind?.address ?? null;
      if (field === null) return;
      for (const token of addressesIn(fields[field])) {
        const key = `${field} ${token}`;
        const earlier = seen.get(key);
        if (earlier !== undefined)
          problems.add(
            [...pathOf(tenantIndex), 'connections', index, field],
            `is that of ${earlier} too: arrivals could not be told apart`,
          );
        else seen.set(key, `connection ${String(id)} of tenant ${reading.id ?? ''}`);
      }
    });
  });
}

/** The later of two tenants on one pixel is told. */
function checkPixelsBetween(tenants: readonly TenantToApply[], problems: ProblemList): void {
  tenants.forEach(({ tenant }, index) => {
    const before = tenants.slice(0, index).map(({ tenant: { id, connections } }) => ({ tenantId: id, connections }));
    pixelsOfOthers(tenant, before, ['tenants', index, 'connections'], problems);
  });
}

function readEntries(
  entries: readonly unknown[],
  pathOf: (index: number) => Path,
  problems: ProblemList,
): readonly (TenantReading | undefined)[] {
  const first = new Map<string, number>();
  const readings = entries.map((entry, index) => {
    const path = pathOf(index);
    const reading = readTenantEntry(entry, path, problems);
    if (reading === undefined) return undefined;
    const earlier = reading.id === undefined ? undefined : first.get(reading.id);
    if (earlier !== undefined) problems.add([...path, 'id'], `is the id of tenants[${earlier}] too: ids are unique`);
    else if (reading.id !== undefined) first.set(reading.id, index);
    checkTogether(reading.connections, [...path, 'connections'], problems);
    return reading;
  });
  checkAddresses(readings, pathOf, problems);
  return readings;
}

/**
 * Reads a tenants file (YAML, or JSON of the same shape): all of it, or every problem with its place and line.
 * `resolve` gives the secrets that the file only names (`env:NAME`, `file:path`).
 */
export function readTenantsFile(text: string, resolve: (reference: SecretReference) => Resolved): FileReading {
  const read = readFileTree(text);
  if (read.kind === 'unreadable') return { kind: 'refused', problems: read.problems };
  const { tree } = read;
  const resolved = resolveReferences(tree.value, resolve, tree.lineOf);
  const problems = new ProblemList(tree.lineOf);
  const root = resolved.value;
  if (!isObject(root) || !Array.isArray(root['tenants'])) {
    problems.add([], 'must be a map with a list «tenants»');
    return { kind: 'refused', problems: problems.all };
  }
  for (const name of Object.keys(root)) if (name !== 'tenants') problems.add([name], 'is not a field of a tenants file');
  const entries = root['tenants'] as unknown[];
  const readings = readEntries(entries, (index) => ['tenants', index], problems);
  const all = [...tree.problems, ...resolved.problems, ...problems.all].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (all.length > 0) return { kind: 'refused', problems: all };
  const tenants = readings.flatMap((reading, index) =>
    reading?.id === undefined ? [] : [{ tenant: desiredTenant(reading, reading.id), body: entries[index] }],
  );
  checkPixelsBetween(tenants, problems);
  return problems.all.length > 0 ? { kind: 'refused', problems: problems.all } : { kind: 'read', tenants };
}

/**
 * Reads the body of `PUT /v1/tenants/{t}`: a tenant's entry, or a whole file with that one tenant in it. The id in the body may
 * be left out. References to secrets are refused: the API reads nobody's environment or files.
 */
export function readTenantBody(body: unknown, tenantId: string): BodyReading {
  const problems = new ProblemList();
  const isFile = isObject(body) && Array.isArray(body['tenants']) && Object.keys(body).length === 1;
  const entries = isFile ? (body['tenants'] as unknown[]) : [body];
  const path: Path = isFile ? ['tenants', 0] : [];
  if (entries.length !== 1) problems.add(['tenants'], 'must hold this one tenant');
  const [entry] = entries;
  const withId = isObject(entry) && entry['id'] === undefined ? { ...entry, id: tenantId } : entry;
  const [reading] = readEntries([withId], () => path, problems);
  if (reading?.id !== undefined && reading.id !== tenantId) problems.add([...path, 'id'], `must be ${tenantId}, as in the address`);
  if (reading === undefined || problems.all.length > 0) return { kind: 'refused', problems: problems.all };
  return { kind: 'read', tenant: desiredTenant(reading, tenantId) };
}
