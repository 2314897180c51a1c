import { addressHash, type ConnectionId, type TenantId } from '@tributary/domain';
import { canonicalJson } from './canonical-json.js';
import { connectionKind, type ConnectionKind } from './connection-kinds.js';
import type { DesiredConnection, DesiredTenant } from './desired-tenant.js';
import { ProblemList, type Path, type Problem } from './problem.js';
import { addIssues } from './schema-problems.js';

type Secrets = Readonly<Record<string, unknown>>;
export type ConnectionState = 'active' | 'suspended' | 'disabled';

/** The newest version of a connection, and its secrets opened. */
export interface KnownConnection {
  readonly id: ConnectionId;
  readonly kind: string;
  readonly version: number;
  readonly state: ConnectionState;
  readonly tenantName: string;
  readonly defaultCountry: string | null;
  /** Epoch ms of the first activation; meaningless before it. */
  readonly activatedAt: number;
  readonly wasActive: boolean;
  readonly settings: unknown;
  readonly secretsVersion: number;
  /** Of each secret by which arrivals find it; see {@link addressHash}. */
  readonly addressHashes: readonly string[];
  /** Null when they cannot be opened (any more): then all must be given anew. */
  readonly secrets: Secrets | null;
}

export interface NextVersion extends Omit<KnownConnection, 'wasActive' | 'secrets' | 'settings'> {
  /** Canonical JSON. */
  readonly settings: string;
  /** To be put into the vault under `secretsVersion`; null when they stay as they are. */
  readonly secrets: Secrets | null;
}

export interface ConnectionChange {
  readonly id: ConnectionId;
  readonly kind: string;
  readonly change: 'created' | 'changed' | 'unchanged' | 'disabled';
  readonly version: number;
  readonly state: ConnectionState;
  /** Secrets made by this change: shown to the one who asked for it, once. */
  readonly generated: Readonly<Record<string, string>>;
  readonly addressHashes: readonly string[];
  /** Null when nothing changes. */
  readonly next: NextVersion | null;
}

export type TenantChange =
  | { readonly kind: 'change'; readonly connections: readonly ConnectionChange[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/** The shell's part: the moment and fresh random tokens (at least 16 of A–Z, a–z, 0–9, _ and -). */
export interface ChangePorts {
  readonly nowMs: number;
  readonly newToken: () => string;
  /**
   * Versions that apps have heard of, by connection. Above the known one after the database was set back: the log did not go back with
   * it, and apps take only greater versions.
   */
  readonly told: ReadonlyMap<string, number>;
}

/** A secret that leads arrivals to a connection is one text, or a list of two while one replaces the other. */
export const addressesIn = (secret: unknown): readonly string[] =>
  typeof secret === 'string' ? [secret] : Array.isArray(secret) ? secret.filter((address) => typeof address === 'string') : [];

/** Given secrets over the kept ones, those given as null taken away, and what nobody gave made anew; undefined (and told) when something is missing then. */
function mergeSecrets(
  kind: ConnectionKind,
  given: Secrets,
  kept: Secrets | null,
  newToken: () => string,
  tell: (issues: Parameters<typeof addIssues>[1], value: unknown) => void,
): { readonly secrets: Secrets; readonly generated: Readonly<Record<string, string>> } | undefined {
  const known: Secrets = Object.fromEntries(Object.entries({ ...kept, ...given }).filter(([, value]) => value !== null));
  const generated = Object.fromEntries(kind.generated.filter((name) => known[name] === undefined).map((name) => [name, newToken()]));
  const merged = { ...known, ...generated };
  const parsed = kind.secrets.safeParse(merged);
  if (parsed.success) return { secrets: parsed.data, generated };
  tell(parsed.error.issues, merged);
  return undefined;
}

class Change {
  readonly problems = new ProblemList();

  constructor(
    private readonly desired: DesiredTenant,
    private readonly ports: ChangePorts,
  ) {}

  private activatedAt(known: KnownConnection | undefined, state: ConnectionState): number {
    if (known?.wasActive === true) return known.activatedAt;
    return state === 'active' ? this.ports.nowMs : (known?.activatedAt ?? this.ports.nowMs);
  }

  private toldOf(id: ConnectionId): number {
    return this.ports.told.get(id) ?? 0;
  }

  of(wanted: DesiredConnection, known: KnownConnection | undefined, path: Path): ConnectionChange | undefined {
    const kind = connectionKind(wanted.kind);
    if (kind === undefined) return undefined;
    if (known !== undefined && known.kind !== wanted.kind) {
      this.problems.add(
        [...path, 'kind'],
        `connection ${wanted.id} is of kind ${known.kind}: a kind never changes, give the new connection an id of its own`,
      );
      return undefined;
    }
    const merged = mergeSecrets(kind, wanted.secrets, known?.secrets ?? null, this.ports.newToken, (issues, value) =>
      addIssues(this.problems, issues, value, path),
    );
    if (merged === undefined) return undefined;
    const { name: tenantName, state, defaultCountry } = this.desired;
    const address = kind.address === null ? undefined : merged.secrets[kind.address];
    const addressHashes = addressesIn(address).map(addressHash);
    const settings = canonicalJson(kind.keep(wanted.settings, known?.settings));
    const areSecretsNew = (known?.secrets ?? null) === null || canonicalJson(known?.secrets) !== canonicalJson(merged.secrets);
    const told = { id: wanted.id, kind: wanted.kind, state, addressHashes, generated: merged.generated };
    const isSame =
      known !== undefined &&
      known.version >= this.toldOf(wanted.id) &&
      !areSecretsNew &&
      known.state === state &&
      known.tenantName === tenantName &&
      known.defaultCountry === defaultCountry &&
      canonicalJson(known.settings) === settings;
    if (isSame) return { ...told, change: 'unchanged', version: known.version, next: null };
    const version = Math.max(known?.version ?? 0, this.toldOf(wanted.id)) + 1;
    const next: NextVersion = {
      id: wanted.id,
      kind: wanted.kind,
      version,
      state,
      tenantName,
      defaultCountry,
      activatedAt: this.activatedAt(known, state),
      settings,
      secretsVersion: (known?.secretsVersion ?? 0) + (areSecretsNew ? 1 : 0),
      addressHashes,
      secrets: areSecretsNew ? merged.secrets : null,
    };
    return { ...told, change: known === undefined ? 'created' : 'changed', version, next };
  }

  /** No longer wanted: it stops, and everything known of it stays. */
  disabled({ wasActive: _wasActive, secrets: _secrets, settings, ...known }: KnownConnection): ConnectionChange {
    const version = Math.max(known.version, this.toldOf(known.id)) + 1;
    const next: NextVersion = { ...known, version, state: 'disabled', settings: canonicalJson(settings), secrets: null };
    return {
      id: known.id,
      kind: known.kind,
      change: 'disabled',
      version: next.version,
      state: 'disabled',
      generated: {},
      addressHashes: known.addressHashes,
      next,
    };
  }
}

/**
 * What a full replacement of a tenant's settings does to each of its connections: a version for each that changes, none for the
 * same content; missing connections are disabled; missing secrets are kept, or generated where the
 * kind allows; secrets given as null are removed.
 */
export function changeTenant(desired: DesiredTenant, known: readonly KnownConnection[], ports: ChangePorts): TenantChange {
  const change = new Change(desired, ports);
  const before = new Map(known.map((connection) => [connection.id, connection]));
  const wanted = desired.connections.map((connection, index) => change.of(connection, before.get(connection.id), ['connections', index]));
  if (change.problems.all.length > 0) return { kind: 'refused', problems: change.problems.all };
  const names = new Set(desired.connections.map(({ id }) => id));
  const isAsTold = ({ id, version }: KnownConnection): boolean => version >= (ports.told.get(id) ?? 0);
  const disabled = known
    .filter((connection) => !names.has(connection.id) && (connection.state !== 'disabled' || !isAsTold(connection)))
    .map((connection) => change.disabled(connection));
  return { kind: 'change', connections: [...wanted.filter((connection) => connection !== undefined), ...disabled] };
}

export interface AddressOwner {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly addressHash: string;
}

/** Problems of addresses that lead to a connection of somebody else already. */
export function takenAddresses(
  tenantId: TenantId,
  connections: readonly ConnectionChange[],
  owners: readonly AddressOwner[],
): readonly Problem[] {
  const problems = new ProblemList();
  connections.forEach(({ id, kind, addressHashes, change }, index) => {
    const owner = owners.find(
      (other) => addressHashes.includes(other.addressHash) && (other.tenantId !== tenantId || other.connectionId !== id),
    );
    if (owner === undefined || change === 'disabled') return;
    const field = connectionKind(kind)?.address ?? 'id';
    problems.add(
      ['connections', index, field],
      `is that of connection ${owner.connectionId} of tenant ${owner.tenantId} already: choose another, or leave it out to have one made`,
    );
  });
  return problems.all;
}
