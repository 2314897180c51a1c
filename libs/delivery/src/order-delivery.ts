import type { ConnectionConfigured, DeliveryRecords, SchemaBook } from '@tributary/codecs';
import type { RegisteredDestination } from '@tributary/destinations';
import {
  readSecretValues,
  type Alerts,
  type Claim,
  type DeliveryEvent,
  type ExpiryOf,
  type LedgerEntry,
  type Moment,
  type OrderEvent,
  type PartitionTurns,
  type Positioned,
  type Sql,
  type SubjectId,
  type TenantId,
} from '@tributary/domain';
import type { VendorClient } from '@tributary/http';
import type { LaneProducer } from '@tributary/kafka';
import { applySettings, LeasedTurns } from '@tributary/postgres';
import type { Log, Metrics } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import { v7 as uuidv7 } from 'uuid';
import { IdentityGate, type IdentityGatePorts, type WaitingEffect } from './background/identity-gate.js';
import { ConnectionDirectory, type WithSources } from './connection-directory.js';
import { Corrections } from './corrections.js';
import { CredentialsStore, type Credential } from './credentials.store.js';
import { applyDeliveryEvents } from './delivery-fold.js';
import type { DestinationAlerts } from './destination-alerts.js';
import type { DestinationInForce } from './dispatch/dispatch.port.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { LedgerStore } from './ledger.store.js';
import { OperatorCommands } from './operator-commands.js';
import { OrderIntents, type BuyerBackgrounds, type FindProducts } from './order-intents.js';
import { OrderPlanner, type PlannedEntry } from './order-planner.js';
import { OrdersStore } from './orders.store.js';
import { OutboxPublisher } from './outbox/outbox-publisher.js';
import { OutboxStore } from './outbox/outbox.store.js';
import { tryOrder, type TrialPorts } from './trial.js';
import { SettingsSweeps } from './settings-sweeps.js';
import { StatusReaders, type StatusLease } from './statuses/status-readers.store.js';
import { StatusSeals } from './statuses/status-seals.js';
import { StatusTurn } from './statuses/status-turn.js';
import { Withdrawals } from './withdrawals.js';

const REFUSED_FOR_MS = 60_000;
/**
 * How long planned or claimed effects are one process's own. After kill -9 they wait so long, hence no longer than a dead
 * consumer's partitions do (KAFKA_SESSION_TIMEOUT_MS, 10 s): a conversion that is seconds late still joins its twin from the
 * browser. A shorter lease gains nothing there and runs out on what a busy line holds in memory; then replicas claim each
 * other's entries, which the ledger's versions make harmless but not free.
 */
const PLAN_LEASE_MS = 10_000;
/** The search for one bad event among 50 takes up to eight requests of at most ten seconds each; most take well under one. */
const ISOLATION_LEASE_MS = 30_000;

/** How long a process that was killed holds up the reading of its accounts; renewed four times in that time. */
const STATUS_LEASE_MS = 20_000;
/** Whole lists of a large account at a few requests a second. */
const STATUS_LONGEST_TURN_MS = 30 * 60_000;
const STATUS_ACCOUNTS_AT_ONCE = 8;
const STATUS_LOOK_EVERY_MS = 1_000;

/** A person who puts an address right in the shop does not wait for a second. */
const CORRECT_EVERY_MS = 1_000;

/** One kind of destination in one app. */
export interface DeliveryPlace {
  /** The app's schema; `<app>_ops` beside it. */
  readonly app: string;
  readonly topic: string;
  readonly records: DeliveryRecords;
}

export interface BuyerPorts extends Pick<IdentityGatePorts, 'endOffsets' | 'progress'> {
  readonly backgrounds: BuyerBackgrounds;
  /** Partition of the visits' topic where a visitor's visits stand. */
  readonly partitionOf: (tenantId: TenantId, visitor: SubjectId) => number;
  /** How long an order that names a visitor waits for identity at most. */
  readonly graceMs: number;
}

export interface OrderDeliveryPorts {
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
  readonly baseUrl: string;
  readonly requestsPerSecond: number;
  readonly partitions: { readonly orders: number; readonly deliveries: number };
  /** Ends the process when the database is an older one than it has worked with. */
  readonly watch: { look(): Promise<void> };
  /** Turns of the projection that decides on orders. */
  readonly turns: PartitionTurns;
  /** Where the destination needs to know the products of an order. */
  readonly products?: FindProducts;
  /** What identity and visits show of orders' buyers; absent where a destination has no use for it. */
  readonly buyers?: BuyerPorts;
}

/** From orders to effects of one kind of destination: decisions, ledger, outbox, requests, operators' commands, sweeps. */
export class OrderDelivery<Settings extends WithSources, Secrets> {
  /** Settings in force, renewed by every batch of orders. */
  readonly directory: ConnectionDirectory<Settings>;
  private readonly ledger: LedgerStore;
  private readonly credentials: CredentialsStore;
  private readonly publisher: OutboxPublisher;
  private readonly dispatcher: Dispatcher<Settings, Secrets>;
  private readonly planner: OrderPlanner<Settings, Secrets>;
  private readonly commands: OperatorCommands;
  private readonly sweeps: SettingsSweeps<Settings, Secrets>;
  private readonly corrections: Corrections<Settings, Secrets>;
  private readonly withdrawals: Withdrawals<Settings, Secrets>;
  private correctAt = 0;
  private readonly gate: IdentityGate | undefined;
  private readonly statuses: LeasedTurns<StatusLease> | undefined;

  constructor(
    private readonly place: DeliveryPlace,
    private readonly registered: RegisteredDestination<Settings, Secrets>,
    private readonly ports: OrderDeliveryPorts,
  ) {
    const { sql, book, learn, told } = ports;
    const { app, topic, records } = place;
    const { destination } = registered;
    const orders = new OrdersStore(sql, app, book, learn);
    this.directory = new ConnectionDirectory(sql, app, destination.kind, registered.settingsSchema);
    this.ledger = new LedgerStore(sql, app, book, records);
    this.credentials = new CredentialsStore(sql, app, ports.requestsPerSecond);
    this.publisher = new OutboxPublisher(
      new OutboxStore(sql, app),
      ports.producer,
      ports.alerts,
      { topic, partitions: ports.partitions.deliveries, refusedForMs: REFUSED_FOR_MS, onAccepted: () => this.ledger.alignQueue() },
      ports.log,
    );
    const intents = new OrderIntents(
      orders,
      this.directory,
      ports.vault,
      book,
      learn,
      (tenantId, count) => told.keysMissing(tenantId, count),
      ports.products,
      ports.buyers?.backgrounds,
    );
    this.dispatcher = this.makeDispatcher(intents);
    this.planner = new OrderPlanner(
      sql,
      orders,
      this.ledger,
      this.directory,
      destination,
      moment,
      { app, owner: ports.owner, leaseMs: PLAN_LEASE_MS },
      (rows, entries) => {
        void this.publisher.publish(rows);
        this.offer(entries);
      },
    );
    this.gate = ports.buyers === undefined ? undefined : this.makeGate(ports.buyers);
    this.statuses = this.makeStatusTurns();
    this.sweeps = new SettingsSweeps(sql, app, orders, this.planner, ports.turns);
    this.corrections = new Corrections(destination, this.ledger, orders, this.directory, this.publisher, moment);
    this.withdrawals = new Withdrawals(destination, this.ledger, orders, this.publisher, moment);
    this.commands = new OperatorCommands(
      sql,
      app,
      this.ledger,
      this.credentials,
      this.publisher,
      moment,
      (credential) => this.expiryOf(credential),
      (credential) => told.resumed(credential),
      (order) => tryOrder(destination, this.trialPorts(orders, intents), order),
    );
  }

  /** Lane `settings`. */
  async foldSettings(events: readonly Positioned<ConnectionConfigured>[], claim: Claim): Promise<boolean> {
    // Asked for first: a sweep too many does nothing, a sweep too few would miss orders.
    await this.sweeps.request(
      events.map(({ event }) => event),
      this.ports.partitions.orders,
    );
    return applySettings(this.ports.sql, events, claim);
  }

  /** Lane `deliveries`. */
  foldDeliveries(events: readonly Positioned<DeliveryEvent>[], claim: Claim): Promise<boolean> {
    return applyDeliveryEvents(this.ports.sql, this.ledger, events, claim);
  }

  /** Lane `orders`: folds and decides. */
  decide(events: readonly Positioned<OrderEvent>[], claim: Claim): Promise<boolean> {
    return this.planner.apply(events, claim);
  }

  /** Begins to send; only behind the start barrier. */
  async start(): Promise<void> {
    await this.ledger.alignQueue();
    await this.directory.refresh();
    this.publisher.start();
    this.dispatcher.start(() => this.directory.active());
    this.statuses?.start();
  }

  /** Sends nothing more; what is under way is settled and published. */
  async stop(): Promise<void> {
    this.gate?.stop();
    await Promise.all([this.dispatcher.stop(), this.statuses?.stop()]);
    await this.publisher.stop();
  }

  /** What comes back to: changed settings, waiting commands and sweeps. */
  async keepHouse(): Promise<void> {
    if (await this.directory.refresh()) await this.resumeChanged();
    await this.commands.applyWaiting();
    await this.sweeps.runWaiting();
    if (performance.now() < this.correctAt) return;
    this.correctAt = performance.now() + CORRECT_EVERY_MS;
    await this.corrections.run();
    await this.withdrawals.run();
  }

  /** An order that names a visitor waits until identity has read what was in the log of visits when it came. */
  private offer(planned: readonly PlannedEntry[]): void {
    const { buyers } = this.ports;
    const waiting: WaitingEffect[] = [];
    const ready: LedgerEntry[] = [];
    for (const { entry, visitor } of planned) {
      if (buyers === undefined || visitor === null) ready.push(entry);
      else waiting.push({ entry, partition: buyers.partitionOf(entry.key.tenantId, visitor) });
    }
    this.dispatcher.offer(ready);
    this.gate?.hold(waiting);
  }

  private makeGate({ endOffsets, progress, graceMs }: BuyerPorts): IdentityGate {
    const { log } = this.ports;
    return new IdentityGate({ endOffsets, progress, release: (entries) => this.dispatcher.offer(entries), log }, graceMs);
  }

  /** Asks what became of what the vendor took, where it tells. */
  private makeStatusTurns(): LeasedTurns<StatusLease> | undefined {
    const { statuses, declaration, kind } = this.registered.destination;
    if (statuses === undefined) return undefined;
    const { sql, vault, book, learn, told, vendor, owner, requestsPerSecond, log } = this.ports;
    const { app, topic } = this.place;
    const readers = new StatusReaders(sql, app, kind, { owner, leaseMs: STATUS_LEASE_MS });
    const turn = new StatusTurn<Settings, Secrets>(statuses, {
      readers,
      ledger: this.ledger,
      // As little urgent as visits are: orders go first.
      credentials: new CredentialsStore(sql, app, requestsPerSecond, 'visits'),
      publisher: this.publisher,
      seals: new StatusSeals(vault, book, learn, topic),
      told,
      inForce: (credential) => this.inForce(credential),
      send: (request, timeoutMs) => vendor.send(request, timeoutMs),
      requestTimeoutMs: declaration.requestTimeoutMs,
      moment,
    });
    const rhythm = {
      lookEveryMs: STATUS_LOOK_EVERY_MS,
      heartbeatMs: STATUS_LEASE_MS / 4,
      longestTurnMs: STATUS_LONGEST_TURN_MS,
    };
    return new LeasedTurns<StatusLease>(sql, readers, turn, { app, what: 'statuses', atOnce: STATUS_ACCOUNTS_AT_ONCE, ...rhythm }, log);
  }

  private trialPorts(orders: OrdersStore, intents: OrderIntents<Settings>): TrialPorts<Settings, Secrets> {
    return {
      directory: this.directory,
      inForce: (credential) => this.inForce(credential),
      findOrder: async (order) => (await orders.find([order]))[0],
      intents: (entries) => intents.of(entries),
      send: (request, timeoutMs) => this.ports.vendor.send(request, timeoutMs),
      moment,
    };
  }

  /** A credential that was parked with other settings than today's is tried again. */
  private async resumeChanged(): Promise<void> {
    for (const parked of await this.credentials.parked()) {
      const now = this.directory.destination(parked.tenantId, parked.connectionId);
      if (now !== undefined && now.isActive && String(now.version) !== parked.settingsKey) await this.commands.resume(parked);
    }
  }

  private async expiryOf(credential: Credential): Promise<ExpiryOf | null> {
    await this.directory.refresh();
    const found = this.directory.destination(credential.tenantId, credential.connectionId);
    if (found === undefined || !found.isActive) return null;
    return (plan, mode) => this.registered.destination.expiryOf(plan, mode, found.settings, Date.now());
  }

  /** A credential's connection as it is now; undefined while nothing may leave. */
  async inForce(credential: Credential): Promise<DestinationInForce<Settings, Secrets> | undefined> {
    const found = this.directory.destination(credential.tenantId, credential.connectionId);
    if (found === undefined || !found.isActive) return undefined;
    const { vault, told, baseUrl } = this.ports;
    const secrets = await vault.getSecrets(found.tenantId, found.connectionId, found.secretsVersion);
    if (secrets === null) {
      await told.secretsMissing(credential);
      return undefined;
    }
    await told.secretsFound(credential);
    const opened = this.registered.secretsSchema.parse(readSecretValues(secrets));
    if (this.registered.destination.isConnected?.(found.settings, opened) === false) return undefined;
    return {
      settings: found.settings,
      secrets: opened,
      version: found.version,
      baseUrl,
      settingsKey: String(found.version),
    };
  }

  private makeDispatcher(intents: OrderIntents<Settings>): Dispatcher<Settings, Secrets> {
    const { vault, vendor, log, metrics, told, watch, owner, requestsPerSecond } = this.ports;
    const outcomes = metrics.counter('tributary_delivery_outcomes_total', 'Outcomes of vendor requests, by effect', ['outcome']);
    return new Dispatcher<Settings, Secrets>(
      this.registered.destination,
      this.ledger,
      this.credentials,
      this.publisher,
      {
        ensureNotSetBack: () => watch.look(),
        inForce: (credential) => this.inForce(credential),
        intents: (entries) => intents.of(entries),
        seal: async (entry, { sealedUnder }, request, eventId) => {
          if (sealedUnder === null) return null;
          const [sealed] = await vault.sealMany(entry.key.tenantId, [
            { subjectId: sealedUnder, plaintext: Buffer.from(request), topic: this.place.topic, eventId },
          ]);
          return sealed ?? null;
        },
        send: (request, timeoutMs) => vendor.send(request, timeoutMs),
        onParked: (credential, code, message) => told.parked(credential, code, message),
        onBug: async (entry, code, message) => {
          log.error(
            { tenantId: entry.key.tenantId, connectionId: entry.key.destinationConnectionId, code },
            'the vendor says that the request itself is wrong',
          );
          await told.bug(entry, code, message);
        },
        onOutcome: (kind) => outcomes.inc({ outcome: kind }),
        newEventId: uuidv7,
      },
      {
        owner,
        leaseMs: PLAN_LEASE_MS,
        isolationLeaseMs: ISOLATION_LEASE_MS,
        poolSize: 64,
        inFlightPerCredential: 8,
        requestsPerSecond,
        lingerMs: this.registered.destination.declaration.orderLingerMs,
        claimEveryMs: 200,
        claimPerCredential: 50,
        capacity: 10_000,
      },
      log,
    );
  }
}

const moment = (): Moment => ({ nowMs: Date.now(), newEventId: uuidv7, random: Math.random() });
