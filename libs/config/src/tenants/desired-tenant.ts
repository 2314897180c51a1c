import { asConnectionId, asTenantId, isTenantOrConnectionId, type ConnectionId, type TenantId } from '@tributary/domain';
import type { z } from 'zod';
import { isSupportedCountry } from 'libphonenumber-js/max';
import { connectionKind, unknownKind, type ConnectionKind } from './connection-kinds.js';
import type { Path, ProblemList } from './problem.js';
import { addIssues, isObject } from './schema-problems.js';
import { isSecretReference } from './secret-references.js';

export type TenantState = 'active' | 'suspended';
type Fields = Readonly<Record<string, unknown>>;

/** A connection as somebody wants it. */
export interface DesiredConnection {
  readonly id: ConnectionId;
  readonly kind: string;
  /** Complete: what was not said has its default. */
  readonly settings: Fields;
  /** Only what was given: what is absent is kept, or generated; what is null is removed. */
  readonly secrets: Fields;
}

export interface DesiredTenant {
  readonly id: TenantId;
  readonly name: string;
  readonly state: TenantState;
  readonly defaultCountry: string | null;
  readonly connections: readonly DesiredConnection[];
}

const TENANT_FIELDS: ReadonlySet<string> = new Set(['id', 'name', 'state', 'defaultCountry', 'connections']);
const ID_RULE = 'must be 1–40 of a–z, 0–9 and -';

/** Postgres and JSON readers elsewhere refuse these. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

function checkTexts(value: unknown, path: Path, problems: ProblemList): void {
  if (typeof value === 'string' && !isStorable(value))
    problems.add(path, 'holds a character that cannot be stored (NUL or half a surrogate pair)');
  if (Array.isArray(value)) value.forEach((item, index) => checkTexts(item, [...path, index], problems));
  else if (isObject(value)) for (const [key, item] of Object.entries(value)) checkTexts(item, [...path, key], problems);
}

function readId(value: unknown, path: Path, problems: ProblemList): string | undefined {
  if (typeof value === 'string' && isTenantOrConnectionId(value)) return value;
  problems.add([...path, 'id'], value === undefined ? 'is missing' : ID_RULE);
  return undefined;
}

/** Reads the fields of a schema; where single ones are wrong, the rest is looked at once more, so that no rule stays untold. */
function readSettings({ settings, example }: ConnectionKind, given: Fields, path: Path, problems: ProblemList): Fields | undefined {
  const parsed = settings.safeParse(given);
  if (parsed.success) return parsed.data;
  addIssues(problems, parsed.error.issues, given, path);
  const wrong = new Set(parsed.error.issues.map((issue) => String(issue.path[0] ?? '')));
  const rest = Object.fromEntries(
    Object.entries({ ...example, ...given }).map(([name, value]) => [name, wrong.has(name) ? example[name] : value]),
  );
  const second = settings.safeParse(rest);
  if (!second.success)
    addIssues(
      problems,
      second.error.issues.filter((issue) => !wrong.has(String(issue.path[0] ?? ''))),
      rest,
      path,
    );
  return undefined;
}

/** Null asks for a secret to be forgotten: only one that the kind can do without. */
function whyNotRemoved({ kind, secrets, generated }: ConnectionKind, name: string): string | null {
  if (generated.includes(name)) return 'cannot be removed: give another value in its place';
  if (!(secrets.shape[name] as z.ZodType).safeParse(undefined).success) return `cannot be removed: a ${kind} connection needs it`;
  return null;
}

function readSecrets(kind: ConnectionKind, given: Fields, path: Path, problems: ProblemList): Fields {
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const at = [...path, name];
    const field = kind.secrets.shape[name] as z.ZodType | undefined;
    if (value === undefined || field === undefined) continue;
    if (value === null) {
      const problem = whyNotRemoved(kind, name);
      if (problem === null) read[name] = null;
      else problems.add(at, problem);
      continue;
    }
    if ((Array.isArray(value) ? (value as unknown[]) : [value]).some(isSecretReference)) {
      problems.add(at, 'env: and file: are read by «tributary apply» only; send the value itself');
      continue;
    }
    const parsed = field.safeParse(value);
    if (parsed.success) read[name] = parsed.data;
    else addIssues(problems, parsed.error.issues, value, at);
  }
  return read;
}

/** A connection's entry: what it is called, as far as that can be seen, and the connection when all of it is right. */
export interface ConnectionReading {
  readonly id: unknown;
  /** Undefined when there is no such kind. */
  readonly kind: ConnectionKind | undefined;
  readonly fields: Fields;
  readonly connection: DesiredConnection | undefined;
}

function readConnection(value: unknown, path: Path, problems: ProblemList): ConnectionReading {
  if (!isObject(value)) {
    problems.add(path, 'must be a map with id, kind and the kind’s settings');
    return { id: undefined, kind: undefined, fields: {}, connection: undefined };
  }
  const { id: givenId, kind: givenKind, ...fields } = value;
  const id = readId(givenId, path, problems);
  const kind = typeof givenKind === 'string' ? connectionKind(givenKind) : undefined;
  if (kind === undefined) {
    problems.add([...path, 'kind'], unknownKind(givenKind));
    return { id, kind, fields, connection: undefined };
  }
  const entries = Object.entries(fields);
  for (const [name] of entries) {
    if (!(name in kind.settings.shape) && !(name in kind.secrets.shape))
      problems.add([...path, name], `is not a field of a ${kind.kind} connection`);
  }
  const settings = readSettings(kind, Object.fromEntries(entries.filter(([name]) => name in kind.settings.shape)), path, problems);
  const secrets = readSecrets(kind, Object.fromEntries(entries.filter(([name]) => name in kind.secrets.shape)), path, problems);
  const connection =
    id === undefined || settings === undefined ? undefined : { id: asConnectionId(id), kind: kind.kind, settings, secrets };
  return { id, kind, fields, connection };
}

function readCountry(value: unknown, path: Path, problems: ProblemList): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && isSupportedCountry(value)) return value;
  problems.add([...path, 'defaultCountry'], 'must be a country’s two capital letters (ISO 3166), such as CL');
  return null;
}

function readConnections(value: unknown, path: Path, problems: ProblemList): readonly ConnectionReading[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problems.add(path, 'must be a list');
    return [];
  }
  const items = value as unknown[];
  const first = new Map<unknown, number>();
  return items.map((item, index) => {
    const at = [...path, index];
    const id = isObject(item) ? item['id'] : undefined;
    const earlier = first.get(id);
    if (typeof id === 'string' && earlier !== undefined)
      problems.add([...at, 'id'], `is the id of connections[${earlier}] too: ids are unique within a tenant`);
    else first.set(id, index);
    return readConnection(item, at, problems);
  });
}

/** A tenant's entry, as far as it can be read. */
export interface TenantReading {
  readonly id: string | undefined;
  readonly tenant: Omit<DesiredTenant, 'id' | 'connections'>;
  readonly connections: readonly ConnectionReading[];
}

/** Reads one entry of `tenants`; rules that need the connections together are in tenant-rules.ts. */
export function readTenantEntry(value: unknown, path: Path, problems: ProblemList): TenantReading | undefined {
  if (!isObject(value)) {
    problems.add(path, 'must be a map with id, name and connections');
    return undefined;
  }
  checkTexts(value, path, problems);
  for (const name of Object.keys(value)) if (!TENANT_FIELDS.has(name)) problems.add([...path, name], 'is not a field of a tenant');
  const id = readId(value['id'], path, problems);
  const { name = id ?? '', state = 'active' } = value;
  if (typeof name !== 'string' || name.trim() === '' || name.length > 200)
    problems.add([...path, 'name'], 'must be a text of 1–200 characters');
  if (state !== 'active' && state !== 'suspended') problems.add([...path, 'state'], 'must be one of active, suspended');
  return {
    id,
    tenant: {
      name: typeof name === 'string' ? name : '',
      state: state === 'suspended' ? 'suspended' : 'active',
      defaultCountry: readCountry(value['defaultCountry'], path, problems),
    },
    connections: readConnections(value['connections'], [...path, 'connections'], problems),
  };
}

export const desiredTenant = ({ tenant, connections }: TenantReading, id: string): DesiredTenant => ({
  id: asTenantId(id),
  ...tenant,
  connections: connections.map(({ connection }) => connection).filter((connection) => connection !== undefined),
});
