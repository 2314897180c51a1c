import type { SchemaBook } from '@tributary/codecs';
import type {
  Claim,
  Destination,
  LedgerEntry,
  Positioned,
  Sql,
  Alerts,
  TenantId,
  VisitDeliveryEvent,
  VisitDestination,
  VisitEvent,
} from '@tributary/domain';
import type { VendorClient } from '@tributary/http';
import type { LaneProducer } from '@tributary/kafka';
import type { Log, Metrics } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import { v7 as uuidv7 } from 'uuid';
import type { ConnectionDirectory, WithSources } from '../connection-directory.js';
import { CredentialsStore, type Credential } from '../credentials.store.js';
import type { DestinationAlerts } from '../destination-alerts.js';
import type { DestinationInForce } from '../dispatch/dispatch.port.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { OutboxPublisher } from '../outbox/outbox-publisher.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import { applyVisitDeliveries } from './visit-fold.js';
import { VisitHand } from './visit-hand.js';
import { VisitIntents, type PreparedVisit, type VisitBackgrounds } from './visit-intents.js';
import { VisitLedgerStore } from './visit-ledger.store.js';
import { VisitPlanner } from './visit-planner.js';

const REFUSED_FOR_MS = 60_000;
/** Like orders': a dead process's visits wait no longer than its partitions do. */
const LEASE_MS = 10_000;
const ISOLATION_LEASE_MS = 30_000;

export interface VisitDeliveryPorts<Settings extends WithSources, Secrets> {
  readonly sql: Sql;
  readonly producer: LaneProducer;
  readonly book: SchemaBook;
  readonly learn: (framed: Buffer) => Promise<void>;
  readonly vault: Vault;
  readonly alerts: Alerts;
  readonly told: DestinationAlerts;
  readonly vendor: VendorClient;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly owner: string;
  readonly requestsPerSecond: number;
  /** Of the topic of requests with visits. */
  readonly partitions: number;
  readonly watch: { look(): Promise<void> };
  readonly directory: ConnectionDirectory<Settings>;
  readonly backgrounds: VisitBackgrounds;
  readonly inForce: (credential: Credential) => Promise<DestinationInForce<Settings, Secrets> | undefined>;
}

export interface VisitPlace {
  readonly app: string;
  /** Of requests with visits. */
  readonly topic: string;
}

type WithVisits<Settings, Secrets> = Destination<Settings, Secrets> & { readonly visits: VisitDestination<Settings, Secrets> };

/** From visits to effects of one kind of destination, beside its orders: the same engine with a ledger and a queue of their own. */
export class VisitDelivery<Settings extends WithSources & { readonly mode: 'live' | 'test' }, Secrets> {
  private readonly hand = new VisitHand(uuidv7);
  private readonly credentials: CredentialsStore;
  private readonly publisher: OutboxPublisher;
  private readonly dispatcher: Dispatcher<Settings, Secrets, PreparedVisit>;
  private readonly planner: VisitPlanner<Settings, Secrets>;
  /** Credentials that were parked when last looked: what is for them waits in the queue. */
  private parked: ReadonlySet<string> = new Set();

  constructor(
    private readonly place: VisitPlace,
    private readonly destination: WithVisits<Settings, Secrets>,
    private readonly ports: VisitDeliveryPorts<Settings, Secrets>,
  ) {
    const { sql, book, learn, metrics, owner, partitions } = ports;
    const { app, topic } = place;
    this.credentials = new CredentialsStore(sql, app, ports.requestsPerSecond, 'visits');
    const store = new VisitLedgerStore(sql, book, this.hand, { app, owner, partitions, learn, newId: uuidv7 });
    this.publisher = new OutboxPublisher(
      new OutboxStore(sql, app, 'visit_outbox'),
      ports.producer,
      ports.alerts,
      { topic, partitions, refusedForMs: REFUSED_FOR_MS, onAccepted: () => Promise.resolve() },
      ports.log,
    );
    this.dispatcher = this.makeDispatcher(store);
    const decided = metrics.counter('tributary_visits_total', 'Visits, by what was decided on them', ['event', 'outcome']);
    this.planner = new VisitPlanner(
      sql,
      book,
      ports.directory,
      destination,
      this.hand,
      {
        mayTake: ({ tenantId, connectionId }, count) => !this.parked.has(`${tenantId}:${connectionId}`) && this.dispatcher.room >= count,
        onQueued: (entries) => this.hand.forget(this.dispatcher.offer(entries)),
        onDecided: (event, outcome) => decided.inc({ event, outcome }),
      },
      { app, owner, leaseMs: LEASE_MS, newId: uuidv7, nowMs: () => Date.now() },
    );
  }

  /** Lane `visits`: decides. */
  decide(events: readonly Positioned<VisitEvent>[], claim: Claim): Promise<boolean> {
    return this.planner.apply(events, claim);
  }

  /** Lane `visit-deliveries`. */
  fold(events: readonly Positioned<VisitDeliveryEvent>[], claim: Claim): Promise<boolean> {
    return applyVisitDeliveries(this.ports.sql, this.place.app, events, claim);
  }

  /** Begins to send; only behind the start barrier. */
  async start(): Promise<void> {
    await this.keepHouse();
    this.publisher.start();
    this.dispatcher.start(() => this.ports.directory.active());
  }

  async stop(): Promise<void> {
    await this.dispatcher.stop();
    await this.publisher.stop();
  }

  async keepHouse(): Promise<void> {
    const parked = await this.credentials.parked();
    this.parked = new Set(parked.map(({ tenantId, connectionId }) => `${tenantId}:${connectionId}`));
  }

  private makeDispatcher(store: VisitLedgerStore): Dispatcher<Settings, Secrets, PreparedVisit> {
    const { ports, destination } = this;
    const { vendor, log, told, watch, vault, book, learn, directory, backgrounds } = ports;
    const onKeysMissing = (tenantId: TenantId, count: number): Promise<void> => told.keysMissing(tenantId, count);
    const intents = new VisitIntents(this.hand, directory, vault, book, learn, onKeysMissing, backgrounds);
    const outcomes = ports.metrics.counter('tributary_visit_outcomes_total', 'Outcomes of vendor requests, by visit', ['event', 'outcome']);
    return new Dispatcher<Settings, Secrets, PreparedVisit>(
      {
        declaration: destination.declaration,
        expiryOf: (...args) => destination.expiryOf(...args),
        holdBack: (...args) => destination.visits.holdBack(...args),
        identityOf: (...args) => destination.visits.identityOf(...args),
        matchKeysOf: (...args) => destination.visits.matchKeysOf(...args),
        toRequest: (...args) => destination.visits.toRequest(...args),
        interpret: (...args) => destination.interpret(...args),
      },
      store,
      this.credentials,
      this.publisher,
      {
        ensureNotSetBack: () => watch.look(),
        inForce: ports.inForce,
        intents: (entries) => intents.of(entries),
        // The log keeps the visit itself, sealed, for as long as it keeps what became of it.
        seal: () => Promise.resolve(null),
        send: (request, timeoutMs) => vendor.send(request, timeoutMs),
        onParked: (credential, code, message) => told.parked(credential, code, message),
        onBug: (entry, code, message) => this.onBug(entry, code, message),
        onOutcome: (outcome, { key: { eventName: event } }) => outcomes.inc({ event, outcome }),
        newEventId: uuidv7,
      },
      {
        owner: ports.owner,
        leaseMs: LEASE_MS,
        isolationLeaseMs: ISOLATION_LEASE_MS,
        poolSize: 64,
        inFlightPerCredential: 8,
        requestsPerSecond: ports.requestsPerSecond,
        lingerMs: destination.visits.lingerMs,
        claimEveryMs: 200,
        claimPerCredential: 10,
        capacity: 10_000,
      },
      log,
    );
  }

  private async onBug(entry: LedgerEntry, code: string, message: string): Promise<void> {
    const { tenantId, destinationConnectionId: connectionId } = entry.key;
    this.ports.log.error({ tenantId, connectionId, code }, 'the vendor says that the request itself is wrong');
    await this.ports.told.bug(entry, code, message);
  }
}
