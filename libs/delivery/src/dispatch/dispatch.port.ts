import type {
  DeliveryIntent,
  DeliveryMode,
  DeliveryOutcome,
  Destination,
  HoldBack,
  LedgerChange,
  IdentityUsed,
  LedgerEntry,
  SubjectId,
  VendorReply,
  VendorRequest,
} from '@tributary/domain';
import type { Credential, Token } from '../credentials.store.js';
import type { OutboxRow } from '../outbox/outbox.store.js';

/** What the engine needs of a destination to send effects of one kind; a `Destination` is one for orders. */
export interface Vendor<Settings, Secrets, Intent> extends Pick<
  Destination<Settings, Secrets>,
  'declaration' | 'expiryOf' | 'interpret' | 'lookUp'
> {
  holdBack?(intent: Intent, settings: Settings, nowMs: number): HoldBack | null;
  identityOf?(intent: Intent): IdentityUsed;
  matchKeysOf?(intent: Intent): readonly string[];
  toRequest(intents: readonly Intent[], mode: DeliveryMode, settings: Settings, secrets: Secrets, baseUrl: string): VendorRequest;
}

/** What a change does to the effect's place in the dispatch queue. */
export type QueueMove =
  | { readonly kind: 'leave-queue' }
  /** Due after `delayMs`, for whoever comes. */
  | { readonly kind: 'due'; readonly delayMs: number; readonly isAlone: boolean }
  /** Ours for `leaseMs`; then due for whoever comes. */
  | { readonly kind: 'lease'; readonly leaseMs: number; readonly owner: string; readonly isAlone: boolean };

export interface Move {
  readonly change: LedgerChange;
  readonly queue: QueueMove;
}

/** Where the effects of one kind, their ledger and their queue are kept. Everything that replicas share is behind it. */
export interface EffectStore {
  /** Leases up to `perCredential` due rows of each credential that is neither parked nor behind an open breaker. */
  claim(credentials: readonly Credential[], owner: string, leaseMs: number, perCredential: number): Promise<readonly Held[]>;
  /** Entries as they are now; absent ones are absent. */
  find(keys: readonly string[]): Promise<LedgerEntry[]>;
  /** Commits changes and answers the outbox rows of what was really changed; with a token nothing happens unless it is to be had. */
  commit(moves: readonly Move[], token?: Token): Promise<OutboxRow[]>;
  /** Gives leases back; whoever comes may claim after `delayMs`. An entry that has moved on keeps its lease. */
  release(entries: readonly LedgerEntry[], owner: string, delayMs: number): Promise<void>;
  /** Like {@link release}, for those that wait to be attempted. */
  releaseUnattempted(keys: readonly string[], owner: string, delayMs: number): Promise<void>;
  leaveQueue(keys: readonly string[]): Promise<void>;
}

/** One destination connection as it is now, with its secrets. */
export interface DestinationInForce<Settings, Secrets> {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly version: number;
  readonly baseUrl: string;
  /** Changes whenever settings or secrets do: a parked credential is tried again then. */
  readonly settingsKey: string;
}

/** Of every intent: the subject under whose key the log keeps its part of the request; null where none is kept. */
export interface Prepared {
  readonly sealedUnder: SubjectId | null;
}

export interface PreparedIntent extends DeliveryIntent, Prepared {}

/** What the app brings: its settings, the intents behind ledger entries, sealing, the wire and the clock. */
export interface DispatchPorts<Settings, Secrets, Intent extends Prepared = PreparedIntent> {
  /** Throws when the database is an older one than this process has worked with: what it claimed may long be sent. Asked after every claim. */
  ensureNotSetBack(): Promise<void>;
  inForce(credential: Credential): Promise<DestinationInForce<Settings, Secrets> | undefined>;
  /** Intents of these entries; an entry that is absent cannot be sent yet (its order is not folded yet). */
  intents(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, Intent>>;
  /** Seals each intent's own part of the request for the log; null where its key is gone. */
  seal(entry: LedgerEntry, intent: Intent, request: string, eventId: string): Promise<Buffer | null>;
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
  /** How long an entry that was just planned waits for company, unless a request is full before. */
  readonly lingerMs: number;
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
