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
import type { Alerts, DeliveryEvent, OrderEvent, PartitionTurns, Sql } from '@tributary/domain';
import type { VendorClient } from '@tributary/http';
import type { KafkaClient, LaneProducer, Registry } from '@tributary/kafka';
import { AppLanes, deadLetterTo, learnSchema, OffsetWatch, type AppLane } from '@tributary/stream';
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
  private readonly watch: OffsetWatch;
  private readonly appLanes: AppLanes;
  private readonly delivery: OrderDelivery<TiktokSettings, TiktokSecrets>;
  readonly visits: VisitLanes;
  readonly buyers: BuyersLanes;
  readonly lanes: {
    readonly settings: AppLane<ConnectionConfigured>;
    readonly deliveries: AppLane<DeliveryEvent>;
    readonly orders: AppLane<OrderEvent>;
  };
  private isPastBarrier = false;
  private isStopped = false;
  private housekeeping: NodeJS.Timeout | undefined;

  constructor(private readonly ports: TiktokPorts) {
    const { sql, book, registry, alerts, partitions } = ports;
    const told = new DestinationAlerts(alerts, WORDS);
    this.watch = new OffsetWatch(sql, { schemas: [APP, `${APP}_ops`], ops: `${APP}_ops`, onWentBack: ports.onFatal });
    this.appLanes = new AppLanes({
      ...ports,
      app: APP,
      watch: this.watch,
      deadLetter: deadLetterTo({
        ...ports,
        app: APP,
        topic: TIKTOK_DEAD_LETTER_TOPIC,
        record: 'tributary.tiktok.RecordDeadLettered',
        partitions: partitions.deadLetters,
      }),
      onGap: (topic, partition, expected, found) => told.logGap(topic, partition, expected, found),
    });
    const learn = (framed: Buffer): Promise<void> => learnSchema(registry, book, schemaIdOf(framed));
    this.buyers = new BuyersLanes(this.appLanes, {
      ...ports,
      app: APP,
      learn,
      graceMs: ports.identityGraceMs,
      visitPartitions: partitions.visits,
    });
    this.delivery = new OrderDelivery({ app: APP, topic: TIKTOK_DELIVERY_TOPIC, records: TIKTOK_DELIVERY_RECORDS }, DESTINATIONS.tiktok, {
      ...ports,
      learn,
      buyers: this.buyers.ports,
      told,
      watch: this.watch,
      turns: this.orderTurns(),
    });
    this.visits = new VisitLanes(this.appLanes, {
      ...ports,
      app: APP,
      told,
      watch: this.watch,
      directory: this.delivery.directory,
      backgrounds: this.buyers.ports.backgrounds,
      inForce: (credential) => this.delivery.inForce(credential),
    });
    this.lanes = {
      settings: this.appLanes.lane({
        name: 'settings',
        topic: CONFIG_EVENTS_TOPIC,
        decode: (value) => decodeConnectionConfigured(book, value),
        apply: (events, claim) => this.delivery.foldSettings(events, claim),
      }),
      deliveries: this.appLanes.lane({
        name: 'deliveries',
        topic: TIKTOK_DELIVERY_TOPIC,
        decode: (value) => decodeDeliveryEvent(book, TIKTOK_DELIVERY_RECORDS, value),
        apply: (events, claim) => this.delivery.foldDeliveries(events, claim),
      }),
      orders: this.appLanes.lane({
        name: 'orders',
        topic: ORDER_EVENTS_TOPIC,
        decode: (value) => decodeOrderEvent(book, value),
        apply: (events, claim) => this.delivery.decide(events, claim),
      }),
    };
  }

  /**
   * Waits for the start barrier (the lanes that decide nothing must be running), then lets the dispatchers go. What browsers have
   * counted already must be known before the first order is decided; who is behind it, orders wait for one by one.
   */
  async passBarrier(): Promise<void> {
    const { settings, deliveries } = this.lanes;
    const folded = [settings, deliveries, this.visits.lanes.visitDeliveries, this.buyers.lanes.shown];
    await this.appLanes.passBarrier(folded, () => this.isStopped);
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
      heldPartitions: () => this.lanes.orders.projection.heldPartitions(),
      exclusively: (partition, work) => this.lanes.orders.projection.exclusively(partition, work),
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
}
