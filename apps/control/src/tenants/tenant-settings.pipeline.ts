import { encodeConnectionConfigured, type SchemaBook } from '@tributary/codecs';
import {
  changeTenant,
  connectionKind,
  readTenantBody,
  takenAddresses,
  type AddressOwner,
  type ConnectionChange,
  type DesiredTenant,
  type KnownConnection,
  type NextVersion,
} from '@tributary/config';
import { asConnectionId, asTenantId, readSecretValues, writeSecretValues, type Sql, type TenantId } from '@tributary/domain';
import type { ControlStore, NewestVersionRow } from '@tributary/postgres';
import { describeError, type Log } from '@tributary/telemetry';
import { VaultError, type Vault } from '@tributary/vault';
import { wrongRequest } from '../api/api-problem.js';
import type { ConfigRelay } from './config-relay.js';

export interface TenantSettingsPorts {
  readonly store: ControlStore;
  readonly relay: ConfigRelay;
  readonly book: SchemaBook;
  /** A vault that writes through the given transaction. */
  readonly vaultOn: (sql: Sql) => Vault;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly newEventId: () => string;
  readonly newToken: () => string;
  /** Where shops send their webhooks. */
  readonly ingestPublicUrl: string;
}

const PUBLISH_WITHIN_MS = 5_000;

/**
 * A tenant's settings from body to log:
 * 1. the body is read: all of it, or every problem
 * 2. it is compared with the newest versions: what changes, what is generated, which addresses are taken
 * 3. one transaction: tenant, versions, secrets (vault), outbox
 * 4. the relay puts the events into the topic
 * 5. the answer: what changed and why; generated values, this once
 */
export class TenantSettingsPipeline {
  constructor(private readonly ports: TenantSettingsPorts) {}

  async put(tenantId: string, body: unknown): Promise<TenantPutAnswer> {
    const reading = readTenantBody(body, tenantId);
    if (reading.kind === 'refused') throw wrongRequest(reading.problems);
    const changes = await this.ports.store.change((store, sql) => this.apply(reading.tenant, store, this.ports.vaultOn(sql)));
    if (changes.some(({ next }) => next !== null)) await this.publish();
    this.ports.log.info({ tenantId, changed: changes.filter(({ next }) => next !== null).map(({ id, change }) => `${id} ${change}`) }, 'settings applied');
    return { id: tenantId, connections: changes.map((change) => this.told(change)) };
  }

  private async apply(desired: DesiredTenant, store: ControlStore, vault: Vault): Promise<readonly ConnectionChange[]> {
    const rows = await store.newestVersions(desired.id);
    const known = await Promise.all(rows.map(async (row) => this.known(row, vault)));
    const nowMs = this.ports.nowMs();
    const change = changeTenant(desired, known, { nowMs, newToken: this.ports.newToken });
    if (change.kind === 'refused') throw wrongRequest(change.problems);
    const hashes = change.connections.map(({ addressHash }) => addressHash).filter((hash) => hash !== null);
    const owners = await store.addressOwners(hashes);
    const taken = takenAddresses(desired.id, change.connections, owners as readonly AddressOwner[]);
    if (taken.length > 0) throw wrongRequest(taken);
    await store.saveTenant({ tenantId: desired.id, name: desired.name, state: desired.state, defaultCountry: desired.defaultCountry });
    for (const { next } of change.connections) if (next !== null) await this.save(desired.id, next, nowMs, store, vault);
    return change.connections;
  }

  private async known(row: NewestVersionRow, vault: Vault): Promise<KnownConnection> {
    const id = asConnectionId(row.connectionId);
    return { ...row, id, secrets: await this.openSecrets(row, vault) };
  }

  /** Null when their keys are gone: whoever changes the tenant must give them anew. */
  private async openSecrets({ tenantId, connectionId, secretsVersion }: NewestVersionRow, vault: Vault): Promise<Record<string, unknown> | null> {
    try {
      const values = await vault.getSecrets(asTenantId(tenantId), asConnectionId(connectionId), secretsVersion);
      return values === null ? null : readSecretValues(values);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      this.ports.log.warn({ tenantId, connectionId, cause: describeError(error) }, 'secrets cannot be opened');
      return null;
    }
  }

  private async save(tenantId: TenantId, next: NextVersion, nowMs: number, store: ControlStore, vault: Vault): Promise<void> {
    const { id: connectionId, secrets, ...version } = next;
    if (secrets !== null) await vault.putSecrets(tenantId, connectionId, next.secretsVersion, writeSecretValues(secrets));
    await store.addVersion({ tenantId, connectionId, ...version });
    const value = encodeConnectionConfigured(this.ports.book, {
      eventId: this.ports.newEventId(),
      tenantId,
      connectionId,
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
      webhookTokenHash: connectionKind(next.kind)?.role === 'shop' ? next.addressHash : null,
    });
    await store.enqueue({ tenantId, connectionId, value });
  }

  /** The change is durable already; an answer that waits for Kafka's absence to end would help nobody. */
  private async publish(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PUBLISH_WITHIN_MS);
    });
    await Promise.race([this.ports.relay.flush(), late]);
    clearTimeout(timer);
  }

  private told({ id, kind, change, version, state, generated, notes }: ConnectionChange): ConnectionAnswer {
    const { webhookToken } = generated;
    const address = webhookToken === undefined ? {} : { webhookAddress: `${this.ports.ingestPublicUrl.replace(/\/+$/, '')}/v1/sources/woocommerce/${webhookToken}` };
    const made = Object.keys(generated).length === 0 ? {} : { generated };
    return { id, kind, change, version, state, ...made, ...address, notes: [...notes] };
  }
}

export interface ConnectionAnswer {
  readonly id: string;
  readonly kind: string;
  readonly change: ConnectionChange['change'];
  readonly version: number;
  readonly state: ConnectionChange['state'];
  readonly generated?: Readonly<Record<string, string>>;
  readonly webhookAddress?: string;
  readonly notes: string[];
}

export interface TenantPutAnswer {
  readonly id: string;
  readonly connections: readonly ConnectionAnswer[];
}
