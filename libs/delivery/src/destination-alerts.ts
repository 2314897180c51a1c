import { asConnectionId, asTenantId, INSTALLATION, type Alerts, type LedgerEntry } from '@tributary/domain';
import type { Credential } from './credentials.store.js';

/** How an app speaks of its vendor to a person. */
export interface VendorWords {
  readonly app: string;
  /** The vendor's name. */
  readonly vendor: string;
  /** What is sent: `Conversions`. */
  readonly effects: string;
  /** What a refusal is about: `the access token or the pixel`. */
  readonly credential: string;
  /** What to put right: `a valid access token (and pixel code)`. */
  readonly remedy: string;
  /** What an order whose buyer's key is gone loses. */
  readonly withoutKeys: string;
}

/** What an app tells a person about its destinations, and when it is over. */
export class DestinationAlerts {
  /** Connections whose secrets were there when last asked for. */
  private readonly withSecrets = new Set<string>();

  constructor(
    private readonly alerts: Alerts,
    private readonly words: VendorWords,
  ) {}

  parked({ tenantId, connectionId }: Credential, code: string, message: string): Promise<void> {
    return this.alerts.open({
      tenantId: asTenantId(tenantId),
      connectionId: asConnectionId(connectionId),
      kind: 'credential-parked',
      what: `${this.words.vendor} refused ${this.words.credential} (code ${code}: ${message}). ${this.words.effects} wait; nothing is lost.`,
      todo: `Put ${this.words.remedy} into the connection’s settings, or resume it if the permission was given back at ${this.words.vendor}.`,
    });
  }

  resumed({ tenantId, connectionId }: Credential): Promise<void> {
    return this.alerts.close(asTenantId(tenantId), asConnectionId(connectionId), 'credential-parked');
  }

  statusesUnreadable({ tenantId, connectionId }: Credential, code: string, message: string): Promise<void> {
    return this.alerts.open({
      tenantId: asTenantId(tenantId),
      connectionId: asConnectionId(connectionId),
      kind: 'statuses-unreadable',
      what: `${this.words.vendor} does not say what became of what it took (code ${code}: ${message}). ${this.words.effects} are sent as before; their status is not known.`,
      todo: `Ask ${this.words.vendor} whether the account may read these lists, and where; take lists that it may not read out of statusReading.by. It is tried again by itself.`,
    });
  }

  statusesRead({ tenantId, connectionId }: Credential): Promise<void> {
    return this.alerts.close(asTenantId(tenantId), asConnectionId(connectionId), 'statuses-unreadable');
  }

  bug({ key }: LedgerEntry, code: string, message: string): Promise<void> {
    return this.alerts.open({
      tenantId: key.tenantId,
      connectionId: key.destinationConnectionId,
      kind: 'dead-letter',
      what: `${this.words.vendor} says that a request of ours was wrong (code ${code}: ${message}).`,
      todo: 'This is a defect of Tributary: report it with the order’s explanation, then retry the delivery after an update.',
    });
  }

  /** The alert may be of an earlier process: it is closed when this one first finds the secrets, and whenever they come back. */
  async secretsFound({ tenantId, connectionId }: Credential): Promise<void> {
    const credential = `${tenantId}:${connectionId}`;
    if (this.withSecrets.has(credential)) return;
    await this.alerts.close(asTenantId(tenantId), asConnectionId(connectionId), 'vault-keys-missing');
    this.withSecrets.add(credential);
  }

  async secretsMissing({ tenantId, connectionId }: Credential): Promise<void> {
    this.withSecrets.delete(`${tenantId}:${connectionId}`);
    await this.alerts.open({
      tenantId: asTenantId(tenantId),
      connectionId: asConnectionId(connectionId),
      kind: 'vault-keys-missing',
      what: `The access token of this connection is not in the vault. ${this.words.effects} wait; nothing is lost.`,
      todo: 'Expected after a restore of the database from a backup that is older than the token. Put the token into the connection’s settings again.',
    });
  }

  keysMissing(tenantId: string, count: number): Promise<void> {
    return this.alerts.open({
      tenantId: asTenantId(tenantId),
      connectionId: null,
      kind: 'vault-keys-missing',
      what: `${count} order(s) ${this.words.withoutKeys}: their sealing keys are not in the vault.`,
      todo: 'Expected after an erasure. After a restore of the database: the keys made since the backup are gone; a new reading of the orders brings the data back.',
    });
  }

  logGap(topic: string, partition: number, expected: number, found: number): Promise<void> {
    return this.alerts.open({
      tenantId: INSTALLATION,
      connectionId: null,
      kind: 'log-gap',
      what: `${topic}[${partition}] lost the records from ${expected} to ${found - 1} before the app ${this.words.app} read them.`,
      todo: 'Check the topic’s retention and the brokers’ disks; orders of that time come back with a new reading of the shops.',
    });
  }
}
