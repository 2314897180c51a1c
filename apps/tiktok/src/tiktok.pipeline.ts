import { v7 as uuidv7 } from 'uuid';
import {
  CONFIG_EVENTS_TOPIC,
  decodeConnectionConfigured,
  decodeDeliveryEvent,
  decodeOrderEvent,
  ORDER_EVENTS_TOPIC,
  schemaIdOf,
  TIKTOK_DELIVERY_RECORDS,
  TIKTOK_DELIVERY_TOPIC,
  type ConnectionConfigured,
  type SchemaBook,
} from '@tributary/codecs';
import {
  applyDeliveryEvents,
  ConnectionDirectory,
  CredentialsStore,
  Dispatcher,
  LedgerStore,
  OperatorCommands,
  OrderIntents,
  OrderPlanner,
  OrdersStore,
  OutboxPublisher,
  OutboxStore,
  SettingsSweeps,
  type Credential,
  type DestinationInForce,
} from '@tributary/delivery';
import {
  tiktokDestination,
  tiktokSecretsSchema,
  tiktokSettingsSchema,
  type TiktokSecrets,
  type TiktokSettings,
} from '@tributary/destinations';
import {
  readSecretValues,
  type Alerts,
  type Claim,
  type DeliveryEvent,
  type ExpiryOf,
  type Moment,
  type OrderEvent,
  type Positioned,
  type Sql,
} from '@tributary/domain';
import type { VendorClient } from '@tributary/http';
import type { KafkaClient, LaneProducer, Registry } from '@tributary/kafka';
import { applySettings } from '@tributary/postgres';
import { behind, learnSchema, OffsetWatch, passBarrier, Projection, ProjectionLane } from '@tributary/stream';
import { describeError, type Log, type Metrics } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import { deadLetterTo } from './dead-letters.js';
import { TiktokAlerts } from './tiktok-alerts.js';

const APP = 'tiktok';
const HOUSEKEEPING_EVERY_MS = 250;
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

export interface TiktokPorts {
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  readonly producer: LaneProducer;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly vault: Vault;
  readonly alerts: Alerts;
  readonly vendor: VendorClient;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly owner: string;
  readonly baseUrl: string;
  readonly requestsPerSecond: number;
  readonly sessionTimeoutMs: number;
  /** Partitions of the order topic and of the delivery topic. */
  readonly partitions: { readonly orders: number; readonly deliveries: number; readonly deadLetters: number };
  readonly onFatal: (error: Error) => void;
}

/**
 * The app from arrival to effect:
 * 1. lane `settings`: config events → table `connections`
 * 2. lane `deliveries`: the app's own delivery events → ledger (most of it known already)
 * 3. start barrier: both have reached the ends that their logs had at start
 * 4. lane `orders`: order events → fold → decide → one statement: orders, ledger, outbox, queue, offset
 * 5. publisher: outbox → delivery topic; dispatcher: queue → intent → request → outcome
 * 6. sweeps (settings changed) and commands (a person asked)
 */
export class TiktokPipeline {
  private readonly told: TiktokAlerts;
  private readonly watch: OffsetWatch;
  private readonly directory: ConnectionDirectory<TiktokSettings>;
  private readonly ledger: LedgerStore;
  private readonly credentials: CredentialsStore;
  private readonly publisher: OutboxPublisher;
  private readonly dispatcher: Dispatcher<TiktokSettings, TiktokSecrets>;
  private readonly commands: OperatorCommands;
  private readonly sweeps: SettingsSweeps<TiktokSettings, TiktokSecrets>;
  readonly projections: {
    readonly settings: Projection<ConnectionConfigured>;
    readonly deliveries: Projection<DeliveryEvent>;
    readonly orders: Projection<OrderEvent>;
  };
  readonly lanes: {
    readonly settings: ProjectionLane<ConnectionConfigured>;
    readonly deliveries: ProjectionLane<DeliveryEvent>;
    readonly orders: ProjectionLane<OrderEvent>;
  };
  private isPastBarrier = false;
  private isStopped = false;
  private housekeeping: NodeJS.Timeout | undefined;

  constructor(private readonly ports: TiktokPorts) {
    const { sql, book, registry } = ports;
    const learn = (framed: Buffer): Promise<void> => learnSchema(registry, book, schemaIdOf(framed));
    this.told = new TiktokAlerts(ports.alerts);
    this.watch = new OffsetWatch(sql, { schemas: [APP], ops: `${APP}_ops`, onWentBack: ports.onFatal });
    const orders = new OrdersStore(sql, APP, book, learn);
    this.directory = new ConnectionDirectory(sql, APP, tiktokDestination.kind, tiktokSettingsSchema);
    this.ledger = new LedgerStore(sql, APP, book, TIKTOK_DELIVERY_RECORDS);
    this.credentials = new CredentialsStore(sql, APP, ports.requestsPerSecond);
    const outbox = { topic: TIKTOK_DELIVERY_TOPIC, partitions: ports.partitions.deliveries, refusedForMs: REFUSED_FOR_MS };
    this.publisher = new OutboxPublisher(
      new OutboxStore(sql, APP),
      ports.producer,
      ports.alerts,
      { ...outbox, onAccepted: () => this.ledger.alignQueue() },
      ports.log,
    );
    this.dispatcher = this.makeDispatcher(
      new OrderIntents(orders, this.directory, ports.vault, book, learn, (tenantId, count) => this.told.keysMissing(tenantId, count)),
    );
    const planner = new OrderPlanner(
      sql,
      orders,
      this.ledger,
      this.directory,
      tiktokDestination,
      () => this.moment(),
      { app: APP, owner: ports.owner, leaseMs: PLAN_LEASE_MS },
      (rows, entries) => {
        void this.publisher.publish(rows);
        this.dispatcher.offer(entries);
      },
    );
    this.projections = {
      settings: this.projection(
        'settings',
        CONFIG_EVENTS_TOPIC,
        (value) => decodeConnectionConfigured(book, value),
        (events, claim) => this.foldSettings(events, claim),
      ),
      deliveries: this.projection(
        'deliveries',
        TIKTOK_DELIVERY_TOPIC,
        (value) => decodeDeliveryEvent(book, TIKTOK_DELIVERY_RECORDS, value),
        (events, claim) => applyDeliveryEvents(sql, this.ledger, events, claim),
      ),
      orders: this.projection(
        'orders',
        ORDER_EVENTS_TOPIC,
        (value) => decodeOrderEvent(book, value),
        (events, claim) => planner.apply(events, claim),
      ),
    };
    this.lanes = {
      settings: this.lane('settings', CONFIG_EVENTS_TOPIC, this.projections.settings),
      deliveries: this.lane('deliveries', TIKTOK_DELIVERY_TOPIC, this.projections.deliveries),
      orders: this.lane('orders', ORDER_EVENTS_TOPIC, this.projections.orders),
    };
    this.sweeps = new SettingsSweeps(sql, APP, orders, planner, this.projections.orders);
    this.commands = new OperatorCommands(
      sql,
      APP,
      this.ledger,
      this.credentials,
      this.publisher,
      () => this.moment(),
      (credential) => this.expiryOf(credential),
      (credential) => this.told.resumed(credential),
    );
  }

  /** Ends of the logs that must be folded before anything is decided or sent; read once, at start. */
  async barrierTargets(): Promise<() => Promise<readonly number[]>> {
    const [settingsEnds, deliveryEnds] = await Promise.all([this.lanes.settings.endOffsets(), this.lanes.deliveries.endOffsets()]);
    const { sql } = this.ports;
    return async () => [
      ...(await behind(sql, { schema: APP, projection: 'settings', topic: CONFIG_EVENTS_TOPIC, endOffsets: settingsEnds })),
      ...(await behind(sql, { schema: APP, projection: 'deliveries', topic: TIKTOK_DELIVERY_TOPIC, endOffsets: deliveryEnds })),
    ];
  }

  /** Waits for the start barrier (lanes `settings` and `deliveries` must be running), then lets the dispatcher go. */
  async passBarrier(): Promise<void> {
    const look = await this.barrierTargets();
    await passBarrier(
      () =>
        look().catch((error: unknown) => {
          this.ports.log.warn({ cause: describeError(error) }, 'the start barrier waits');
          return [-1];
        }),
      () => this.isStopped,
    );
    if (this.isStopped) return;
    await this.watch.look();
    await this.ledger.alignQueue();
    await this.directory.refresh();
    this.isPastBarrier = true;
    this.publisher.start();
    this.dispatcher.start(() => this.directory.active());
    this.housekeeping = setTimeout(() => void this.keepHouse(), HOUSEKEEPING_EVERY_MS);
    this.ports.log.info({}, 'start barrier passed');
  }

  get isReady(): boolean {
    return this.isPastBarrier && !this.isStopped;
  }

  /** Stops sending; what is under way is settled and published. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.housekeeping);
    await this.dispatcher.stop();
    await this.publisher.stop();
  }

  private moment(): Moment {
    return { nowMs: Date.now(), newEventId: uuidv7, random: Math.random() };
  }

  private async keepHouse(): Promise<void> {
    try {
      await this.watch.look();
      if (await this.directory.refresh()) await this.resumeChanged();
      await this.commands.applyWaiting();
      await this.sweeps.runWaiting();
    } catch (error) {
      this.ports.log.warn({ cause: describeError(error) }, 'housekeeping waits');
    }
    if (!this.isStopped) this.housekeeping = setTimeout(() => void this.keepHouse(), HOUSEKEEPING_EVERY_MS);
  }

  /** A credential that was parked with other settings than today's is tried again. */
  private async resumeChanged(): Promise<void> {
    for (const parked of await this.credentials.parked()) {
      const now = this.directory.destination(parked.tenantId, parked.connectionId);
      if (now !== undefined && now.isActive && String(now.version) !== parked.settingsKey) await this.commands.resume(parked);
    }
  }

  private async foldSettings(events: readonly Positioned<ConnectionConfigured>[], claim: Claim): Promise<boolean> {
    // Asked for first: a sweep too many does nothing, a sweep too few would miss orders.
    await this.sweeps.request(
      events.map(({ event }) => event),
      this.ports.partitions.orders,
    );
    return applySettings(this.ports.sql, events, claim);
  }

  private async expiryOf(credential: Credential): Promise<ExpiryOf | null> {
    await this.directory.refresh();
    const destination = this.directory.destination(credential.tenantId, credential.connectionId);
    if (destination === undefined || !destination.isActive) return null;
    return (plan, mode) => tiktokDestination.expiryOf(plan, mode, destination.settings, Date.now());
  }

  private async inForce(credential: Credential): Promise<DestinationInForce<TiktokSettings, TiktokSecrets> | undefined> {
    const found = this.directory.destination(credential.tenantId, credential.connectionId);
    if (found === undefined || !found.isActive) return undefined;
    const secrets = await this.ports.vault.getSecrets(found.tenantId, found.connectionId, found.secretsVersion);
    if (secrets === null) {
      await this.told.secretsMissing(credential);
      return undefined;
    }
    await this.told.secretsFound(credential);
    return {
      settings: found.settings,
      secrets: tiktokSecretsSchema.parse(readSecretValues(secrets)),
      version: found.version,
      baseUrl: this.ports.baseUrl,
      settingsKey: String(found.version),
    };
  }

  private makeDispatcher(intents: OrderIntents<TiktokSettings>): Dispatcher<TiktokSettings, TiktokSecrets> {
    const { vault, vendor, log, metrics } = this.ports;
    const outcomes = metrics.counter('tributary_delivery_outcomes_total', 'Outcomes of vendor requests, by effect', ['outcome']);
    return new Dispatcher<TiktokSettings, TiktokSecrets>(
      tiktokDestination,
      this.ledger,
      this.credentials,
      this.publisher,
      {
        ensureNotSetBack: () => this.watch.look(),
        inForce: (credential) => this.inForce(credential),
        intents: (entries) => intents.of(entries),
        seal: async (entry, { sealedUnder }, request, eventId) => {
          if (sealedUnder === null) return null;
          const [sealed] = await vault.sealMany(entry.key.tenantId, [
            { subjectId: sealedUnder, plaintext: Buffer.from(request), topic: TIKTOK_DELIVERY_TOPIC, eventId },
          ]);
          return sealed ?? null;
        },
        send: (request, timeoutMs) => vendor.send(request, timeoutMs),
        onParked: (credential, code, message) => this.told.parked(credential, code, message),
        onBug: async (entry, code, message) => {
          log.error(
            { tenantId: entry.key.tenantId, connectionId: entry.key.destinationConnectionId, code },
            'the vendor says that the request itself is wrong',
          );
          await this.told.bug(entry, code, message);
        },
        onOutcome: (kind) => outcomes.inc({ outcome: kind }),
        newEventId: uuidv7,
      },
      {
        owner: this.ports.owner,
        leaseMs: PLAN_LEASE_MS,
        isolationLeaseMs: ISOLATION_LEASE_MS,
        poolSize: 64,
        inFlightPerCredential: 8,
        requestsPerSecond: this.ports.requestsPerSecond,
        lingerMs: tiktokDestination.declaration.orderLingerMs,
        claimEveryMs: 200,
        claimPerCredential: 50,
        capacity: 10_000,
      },
      log,
    );
  }

  private projection<Event>(
    name: string,
    topic: string,
    decode: (value: Buffer) => Event,
    apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>,
  ): Projection<Event> {
    const { sql, registry, book, log } = this.ports;
    return new Projection<Event>(
      sql,
      {
        schema: APP,
        projection: name,
        topic,
        decode,
        learnSchema: (id) => learnSchema(registry, book, id),
        apply,
        watch: this.watch,
        deadLetter: deadLetterTo(this.ports),
        onGap: (partition, expected, found) => {
          log.error({ topic, partition, expected, found }, 'the log lost records before they were read');
          void this.told.logGap(topic, partition, expected, found);
        },
      },
      log,
    );
  }

  private lane<Event>(pattern: string, topic: string, projection: Projection<Event>): ProjectionLane<Event> {
    const { kafka, log, sessionTimeoutMs, onFatal } = this.ports;
    return new ProjectionLane(
      kafka,
      projection,
      { pattern, groupId: `tributary.${APP}.${pattern}`, topic, sessionTimeoutMs, partitionsAtOnce: 3, onFatal },
      log,
    );
  }
}
