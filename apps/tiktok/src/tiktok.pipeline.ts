import {
  CONFIG_EVENTS_TOPIC,
  decodeConnectionConfigured,
  decodeDeliveryEvent,
  decodeOrderEvent,
  ORDER_EVENTS_TOPIC,
  schemaIdOf,
  TIKTOK_DEAD_LETTER_TOPIC,
  TIKTOK_DELIVERY_RECORDS,
  TIKTOK_DELIVERY_TOPIC,
  type ConnectionConfigured,
  type SchemaBook,
} from '@tributary/codecs';
import { DestinationAlerts, OrderDelivery } from '@tributary/delivery';
import { DESTINATIONS, type TiktokSecrets, type TiktokSettings } from '@tributary/destinations';
import type { Alerts, Claim, DeliveryEvent, OrderEvent, PartitionTurns, Positioned, Sql } from '@tributary/domain';
import type { VendorClient } from '@tributary/http';
import type { KafkaClient, LaneProducer, Registry } from '@tributary/kafka';
import { behind, deadLetterTo, learnSchema, OffsetWatch, passBarrier, Projection, ProjectionLane } from '@tributary/stream';
import { describeError, type Log, type Metrics } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';
import { BuyersLanes } from './buyers.lanes.js';
import { VisitLanes } from './visit-lanes.js';

const APP = 'tiktok';
const HOUSEKEEPING_EVERY_MS = 250;
const WORDS = {
  app: APP,
  vendor: 'TikTok',
  effects: 'Conversions',
  credential: 'the access token or the pixel',
  remedy: 'a valid access token (and pixel code)',
  withoutKeys: 'are sent without personal match keys',
} as const;

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
  /** How long an order with a visitor waits for identity at most. */
  readonly identityGraceMs: number;
  /** Partitions of the topics that are written to, and of those of orders and visits. */
  readonly partitions: {
    readonly orders: number;
    readonly deliveries: number;
    readonly visitDeliveries: number;
    readonly deadLetters: number;
    readonly visits: number;
  };
  readonly onFatal: (error: Error) => void;
}

/**
 * The app from arrival to effect:
 * 1. lane `settings`: config events → table `connections`
 * 2. lane `deliveries`: the app's own delivery events → ledger (most of it known already)
 * 3. start barrier: both have reached the ends that their logs had at start
 * 4. lane `orders`: order events → fold → decide → one statement: orders, ledger, outbox, queue, offset
 * 5. publisher: outbox → delivery topic; dispatcher: queue → intent → request → outcome
 * 6. lane `visits`, beside the orders: visit-lanes.ts
 * 7. sweeps (settings changed) and commands (a person asked)
 */
export class TiktokPipeline {
  private readonly told: DestinationAlerts;
  private readonly watch: OffsetWatch;
  private readonly delivery: OrderDelivery<TiktokSettings, TiktokSecrets>;
  readonly visits: VisitLanes;
  readonly buyers: BuyersLanes;
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
    this.told = new DestinationAlerts(ports.alerts, WORDS);
    this.watch = new OffsetWatch(sql, { schemas: [APP, `${APP}_ops`], ops: `${APP}_ops`, onWentBack: ports.onFatal });
    const learn = (framed: Buffer): Promise<void> => learnSchema(registry, book, schemaIdOf(framed));
    this.buyers = new BuyersLanes(APP, {
      ...ports,
      learn,
      graceMs: ports.identityGraceMs,
      visitPartitions: ports.partitions.visits,
      projection: (...args) => this.projection(...args),
      lane: (...args) => this.lane(...args),
    });
    this.delivery = new OrderDelivery({ app: APP, topic: TIKTOK_DELIVERY_TOPIC, records: TIKTOK_DELIVERY_RECORDS }, DESTINATIONS.tiktok, {
      ...ports,
      learn,
      buyers: this.buyers.ports,
      told: this.told,
      watch: this.watch,
      turns: this.orderTurns(),
    });
    this.visits = new VisitLanes({
      ...ports,
      told: this.told,
      watch: this.watch,
      directory: this.delivery.directory,
      inForce: (credential) => this.delivery.inForce(credential),
      projection: (...args) => this.projection(...args),
      lane: (...args) => this.lane(...args),
    });
    this.projections = {
      settings: this.projection(
        'settings',
        CONFIG_EVENTS_TOPIC,
        (value) => decodeConnectionConfigured(book, value),
        (events, claim) => this.delivery.foldSettings(events, claim),
      ),
      deliveries: this.projection(
        'deliveries',
        TIKTOK_DELIVERY_TOPIC,
        (value) => decodeDeliveryEvent(book, TIKTOK_DELIVERY_RECORDS, value),
        (events, claim) => this.delivery.foldDeliveries(events, claim),
      ),
      orders: this.projection(
        'orders',
        ORDER_EVENTS_TOPIC,
        (value) => decodeOrderEvent(book, value),
        (events, claim) => this.delivery.decide(events, claim),
      ),
    };
    this.lanes = {
      settings: this.lane('settings', CONFIG_EVENTS_TOPIC, this.projections.settings),
      deliveries: this.lane('deliveries', TIKTOK_DELIVERY_TOPIC, this.projections.deliveries),
      orders: this.lane('orders', ORDER_EVENTS_TOPIC, this.projections.orders),
    };
  }

  /** Ends of the logs that must be folded before anything is decided or sent; read once, at start. */
  async barrierTargets(): Promise<() => Promise<readonly number[]>> {
    const [settingsEnds, deliveryEnds] = await Promise.all([this.lanes.settings.endOffsets(), this.lanes.deliveries.endOffsets()]);
    const visitsBehind = await this.visits.barrierTarget();
    const buyersBehind = await this.buyers.barrierTarget();
    const { sql } = this.ports;
    return async () => [
      ...(await behind(sql, { schema: APP, projection: 'settings', topic: CONFIG_EVENTS_TOPIC, endOffsets: settingsEnds })),
      ...(await behind(sql, { schema: APP, projection: 'deliveries', topic: TIKTOK_DELIVERY_TOPIC, endOffsets: deliveryEnds })),
      ...(await visitsBehind()),
      ...(await buyersBehind()),
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
    await this.delivery.start();
    await this.visits.start();
    this.isPastBarrier = true;
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
    await Promise.all([this.delivery.stop(), this.visits.stop()]);
  }

  private orderTurns(): PartitionTurns {
    return {
      heldPartitions: () => this.projections.orders.heldPartitions(),
      exclusively: (partition, work) => this.projections.orders.exclusively(partition, work),
    };
  }

  private async keepHouse(): Promise<void> {
    try {
      await this.watch.look();
      await this.delivery.keepHouse();
      await this.visits.keepHouse();
    } catch (error) {
      this.ports.log.warn({ cause: describeError(error) }, 'housekeeping waits');
    }
    if (!this.isStopped) this.housekeeping = setTimeout(() => void this.keepHouse(), HOUSEKEEPING_EVERY_MS);
  }

  private projection<Event>(
    name: string,
    topic: string,
    decode: (value: Buffer) => Event,
    apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>,
    schema: string = APP,
    decodeTombstone?: (key: string) => Event | null,
  ): Projection<Event> {
    const { sql, registry, book, log } = this.ports;
    return new Projection<Event>(
      sql,
      {
        schema,
        projection: name,
        topic,
        decode,
        ...(decodeTombstone === undefined ? {} : { decodeTombstone }),
        learnSchema: (id) => learnSchema(registry, book, id),
        apply,
        watch: this.watch,
        deadLetter: deadLetterTo({
          ...this.ports,
          app: APP,
          topic: TIKTOK_DEAD_LETTER_TOPIC,
          record: 'tributary.tiktok.RecordDeadLettered',
          partitions: this.ports.partitions.deadLetters,
        }),
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
