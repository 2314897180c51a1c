import type { DeliveryIntent, DeliveryOutcome, LedgerEntry, SubjectId, VendorReply, VendorRequest } from '@tributary/domain';
import type { Credential } from '../credentials.store.js';

/** One destination connection as it is now, with its secrets. */
export interface DestinationInForce<Settings, Secrets> {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly version: number;
  readonly baseUrl: string;
  /** Changes whenever settings or secrets do: a parked credential is tried again then. */
  readonly settingsKey: string;
}

export interface PreparedIntent extends DeliveryIntent {
  readonly sealedUnder: SubjectId | null;
}

/** What the app brings: its settings, the intents behind ledger entries, sealing, the wire and the clock. */
export interface DispatchPorts<Settings, Secrets> {
  /** Throws when the database is an older one than this process has worked with: what it claimed may long be sent. Asked after every claim. */
  ensureNotSetBack(): Promise<void>;
  inForce(credential: Credential): Promise<DestinationInForce<Settings, Secrets> | undefined>;
  /** Intents of these entries; an entry that is absent cannot be sent yet (its order is not folded yet). */
  intents(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, PreparedIntent>>;
  /** Seals each intent's own part of the request for the log; null where its key is gone. */
  seal(entry: LedgerEntry, intent: PreparedIntent, request: string, eventId: string): Promise<Buffer | null>;
  send(request: VendorRequest, timeoutMs: number): Promise<VendorReply>;
  onParked(credential: Credential, code: string, message: string): Promise<void>;
  onBug(entry: LedgerEntry, code: string, message: string): Promise<void>;
  onOutcome(kind: DeliveryOutcome['kind'], entry: LedgerEntry): void;
  newEventId(): string;
}

export interface DispatcherOptions {
  readonly owner: string;
  readonly leaseMs: number;
  /** Lease of the parts of a refused request while the one at fault is searched for. */
  readonly isolationLeaseMs: number;
  /** Requests under way in this process. */
  readonly poolSize: number;
  readonly inFlightPerCredential: number;
  /** Of one credential, in this process: requests keep this distance. */
  readonly requestsPerSecond: number;
  readonly claimEveryMs: number;
  readonly claimPerCredential: number;
  /** Entries held in memory; beyond it they stay in the queue for whoever claims them. */
  readonly capacity: number;
}

/** An entry that is leased to this process. */
export interface Held {
  readonly entry: LedgerEntry;
  /** Shares no request any more. */
  readonly isAlone: boolean;
}
