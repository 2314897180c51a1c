import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { encodeConnectionConfigured, type SchemaBook } from '@tributary/codecs';
import {
  changeTenant,
  connectionKind,
  consentDecisions,
  pixelCodesOf,
  pixelsOfOthers,
  readTenantBody,
  takenAddresses,
  whatChanged,
  writtenSettings,
  type BodyReading,
  type ConnectionChange,
  type ConsentDecision,
  type DesiredTenant,
  type KnownConnection,
  type NextVersion,
  type Problem,
} from '@tributary/config';
import { readSecretValues, writeSecretValues, type ConnectionId, type Sql, type TenantId } from '@tributary/domain';
import { failpoint } from '@tributary/telemetry';
import { VaultError, type Vault } from '@tributary/vault';
import { amendedTenant, type Amendment } from './amendment.js';
import { AddressTakenMeanwhile, type SettingsStore, type StoredConnection, type VersionToWrite } from './settings.store.js';

export interface ChangedConnection {
  readonly connection: string;
  readonly version: number;
  /** Fields and states, never values. */
  readonly what: readonly string[];
}

/** A value made by this change; it is told once. */
export interface GeneratedValue {
  readonly connection: string;
  readonly name: string;
  readonly value: string;
  /** Where the shop sends to, for a token that is part of an address. */
  readonly path?: string;
}

export interface SettingsReport {
  readonly tenant: string;
  readonly changed: readonly ChangedConnection[];
  readonly generated: readonly GeneratedValue[];
  readonly consent: readonly ConsentDecision[];
  /** False while Kafka is away: what is written is told to the apps later, by itself. */
  readonly isPublished: boolean;
}

export type SettingsAnswer =
  { readonly kind: 'done'; readonly report: SettingsReport } | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

export interface SettingsChangePorts {
  readonly store: SettingsStore;
  readonly vault: Vault;
  readonly book: SchemaBook;
  /** Tells the apps what was committed; may fail, it is repeated. */
  readonly publish: () => Promise<void>;
}

type Decided =
  | { readonly kind: 'decided'; readonly connections: readonly ConnectionChange[]; readonly known: readonly KnownConnection[] }
  | Extract<SettingsAnswer, { kind: 'refused' }>;

/** What is wanted. `only`: of this one connection, and the tenant's others stay as they are, whatever may be wrong with them. */
type Wanted = BodyReading & { readonly only?: ConnectionId };

/** As far as it depends on what is in force. */
type MakeWanted = (sql: Sql) => Wanted | Promise<Wanted>;

const refused = (message: string): Wanted => ({ kind: 'refused', problems: [{ path: '', message, line: null }] });

/** The body of `PUT /v1/tenants/{t}`. */
export interface TenantBody {
  readonly name: string;
  readonly state: string;
  readonly defaultCountry: string | null;
  readonly connections: readonly ({ readonly id: string; readonly kind: string } & Readonly<Record<string, unknown>>)[];
}

const currentBody = (tenant: Omit<TenantBody, 'connections'>, known: readonly StoredConnection[]): TenantBody => ({
  ...tenant,
  connections: known
    .filter(({ state }) => state !== 'disabled')
    .map(({ id, kind, settings }) => ({ ...writtenSettings(kind, settings), id, kind })),
});

const WEBHOOK_PATH = '/v1/sources/woocommerce/';
const TRIES = 5;
/** A crash between the vault and the commit leaves a version of secrets that nobody uses. */
const MAX_UNUSED_SECRETS = 1_000;
/** How long an answer waits for Kafka. */
const PUBLISH_DEADLINE_MS = 5_000;
const TOKEN_BYTES = 24;

const newToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

const generatedOf = ({ id, kind, generated }: ConnectionChange): GeneratedValue[] =>
  Object.entries(generated).map(([name, value]) => ({
    connection: id,
    name,
    value,
    ...(kind === 'woocommerce' && name === 'webhookToken' ? { path: `${WEBHOOK_PATH}${value}` } : {}),
  }));

/**
 * The one way in which settings change, as a whole or a part: decides, seals the secrets, writes versions and events in one
 * transaction, tells the apps.
 */
export class SettingsChange {
  /** One at a time in this process (a transaction of ours also needs the vault's connection); the lock in Postgres is between replicas. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly ports: SettingsChangePorts) {}

  /** With `isDryRun` the answer is what would happen, without generated values, and nothing does. */
  put(desired: DesiredTenant, { isDryRun = false }: { readonly isDryRun?: boolean } = {}): Promise<SettingsAnswer> {
    return this.inTurn(desired.id, () => ({ kind: 'read', tenant: desired }), isDryRun);
  }

  /**
   * Changes a part: `edit` gets the body of the put that would change nothing, without secrets, and answers the one that is wanted;
   * nobody else changes the tenant in between. Its connections stand in the order of the body that it got.
   */
  edit(tenantId: TenantId, edit: (body: TenantBody) => TenantBody): Promise<SettingsAnswer> {
    const makeWanted = async (sql: Sql): Promise<Wanted> => {
      const { store } = this.ports;
      const body = currentBody(await store.tenant(sql, tenantId), await store.known(sql, tenantId));
      return readTenantBody(edit(body), tenantId);
    };
    return this.inTurn(tenantId, makeWanted, false);
  }

  /** Changes one connection by what its shop said or handed over. Doing the same again changes nothing. */
  amend(tenantId: TenantId, amendment: Amendment): Promise<SettingsAnswer> {
    const makeWanted = async (sql: Sql): Promise<Wanted> => {
      const { store } = this.ports;
      const known = (await store.known(sql, tenantId)).find(({ id }) => id === amendment.connectionId);
      if (known === undefined || known.state === 'disabled') return refused('there is no such connection any more');
      const tenant = amendedTenant({ id: tenantId, ...(await store.tenant(sql, tenantId)) }, known, amendment);
      return tenant === null ? refused('the connection is about another shop by now') : { kind: 'read', tenant, only: known.id };
    };
    return this.inTurn(tenantId, makeWanted, false);
  }

  private inTurn(tenantId: TenantId, makeWanted: MakeWanted, isDryRun: boolean): Promise<SettingsAnswer> {
    const mine = this.turn.then(() => this.tryPut(tenantId, makeWanted, isDryRun));
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async tryPut(tenantId: TenantId, makeWanted: MakeWanted, isDryRun: boolean): Promise<SettingsAnswer> {
    for (let left = TRIES; ; left -= 1) {
      try {
        return await this.once(tenantId, makeWanted, isDryRun);
      } catch (error) {
        if (!(error instanceof AddressTakenMeanwhile) || left === 1) throw error;
      }
    }
  }

  private async once(tenantId: TenantId, makeWanted: MakeWanted, isDryRun: boolean): Promise<SettingsAnswer> {
    const { store } = this.ports;
    const decided = await store.locked(tenantId, async (sql) => {
      const reading = await makeWanted(sql);
      if (reading.kind === 'refused') return reading;
      const decision = await this.decide(sql, reading);
      if (decision.kind === 'decided' && !isDryRun) await this.write(sql, reading.tenant, decision.connections);
      return { ...decision, desired: reading.tenant };
    });
    if (decided.kind === 'refused') return decided;
    const { desired } = decided;
    const changes = decided.connections.filter(({ next }) => next !== null);
    if (!isDryRun && changes.length > 0) failpoint('control.after-commit');
    return {
      kind: 'done',
      report: {
        tenant: desired.id,
        changed: changes.map((change) => ({
          connection: change.id,
          version: change.version,
          what: whatChanged(
            change,
            decided.known.find(({ id }) => id === change.id),
          ),
        })),
        generated: isDryRun ? [] : changes.flatMap(generatedOf),
        consent: consentDecisions(desired, decided.known),
        isPublished: isDryRun || changes.length === 0 || (await this.isPublished()),
      },
    };
  }

  private async decide(sql: Sql, { tenant: desired, only }: Extract<Wanted, { kind: 'read' }>): Promise<Decided> {
    const { store, vault } = this.ports;
    const stored = (await store.known(sql, desired.id)).filter(({ id }) => only === undefined || id === only);
    const known = await Promise.all(
      stored.map(async (connection) => ({ ...connection, secrets: await this.secretsOf(vault, desired.id, connection) })),
    );
    const change = changeTenant(desired, known, { nowMs: Date.now(), newToken, told: await store.told(sql, desired.id) });
    if (change.kind === 'refused') return change;
    const hashes = change.connections.flatMap(({ addressHashes }) => addressHashes);
    const problems = [
      ...takenAddresses(desired.id, change.connections, await store.owners(sql, hashes)),
      ...pixelsOfOthers(desired, await store.onPixels(sql, desired.id, pixelCodesOf(desired))),
    ];
    return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'decided', connections: change.connections, known };
  }

  private async secretsOf(
    vault: Vault,
    tenantId: TenantId,
    { id, kind, secretsVersion }: Omit<KnownConnection, 'secrets'>,
  ): Promise<KnownConnection['secrets']> {
    const values = await vault.getSecrets(tenantId, id, secretsVersion);
    if (values === null) return null;
    // Read through the schema, so that one way of writing a value equals another.
    const parsed = connectionKind(kind)?.secrets.safeParse(readSecretValues(values));
    return parsed?.success === true ? parsed.data : null;
  }

  private async write(sql: Sql, desired: DesiredTenant, connections: readonly ConnectionChange[]): Promise<void> {
    const versions: VersionToWrite[] = [];
    for (const { next } of connections) {
      if (next === null) continue;
      const sealed = { ...next, secretsVersion: await this.sealed(desired.id, next) };
      versions.push({ next: sealed, event: this.eventOf(desired.id, sealed) });
    }
    await this.ports.store.write(sql, desired, versions);
  }

  /** Puts new secrets into the vault, before anything names them; answers their version. */
  private async sealed(tenantId: TenantId, { id, secrets, secretsVersion }: NextVersion): Promise<number> {
    if (secrets === null) return secretsVersion;
    for (let version = secretsVersion; ; version += 1) {
      try {
        await this.ports.vault.putSecrets(tenantId, id, version, writeSecretValues(secrets));
        return version;
      } catch (error) {
        const isTaken = error instanceof VaultError && error.code === 'secrets-version-taken';
        if (!isTaken || version > secretsVersion + MAX_UNUSED_SECRETS) throw error;
      }
    }
  }

  private eventOf(tenantId: TenantId, next: NextVersion): Buffer {
    const nowMs = Date.now();
    return encodeConnectionConfigured(this.ports.book, {
      eventId: uuidv7(),
      tenantId,
      connectionId: next.id,
      occurredAt: nowMs,
      receivedAt: nowMs,
      source: 'control',
      version: next.version,
      kind: next.kind,
      state: next.state,
      tenantName: next.tenantName,
      defaultCountry: next.defaultCountry,
      activatedAt: next.activatedAt,
      settings: next.settings,
      secretsVersion: next.secretsVersion,
      webhookTokenHash: next.kind === 'woocommerce' ? (next.addressHashes[0] ?? null) : null,
      addressHashes: next.addressHashes,
    });
  }

  private async isPublished(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PUBLISH_DEADLINE_MS);
    });
    const published = this.ports.publish().then(
      () => true,
      () => false,
    );
    return Promise.race([published, deadline]).finally(() => clearTimeout(timer));
  }
}
