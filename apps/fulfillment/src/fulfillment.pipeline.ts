import {
  CONFIG_EVENTS_TOPIC,
  decodeConnectionConfigured,
  decodeDeliveryEvent,
  decodeOrderEvent,
  FULFILLMENT_DEAD_LETTER_TOPIC,
  FULFILLMENT_DELIVERY_RECORDS,
  FULFILLMENT_DELIVERY_TOPIC,
  ORDER_EVENTS_TOPIC,
  schemaIdOf,
  type ConnectionConfigured,
  type SchemaBook,
} from '@tributary/codecs';
import { DestinationAlerts, OrderDelivery } from '@tributary/delivery';
import { DESTINATIONS, type TrackingtechSecrets, type TrackingtechSettings } from '@tributary/destinations';
import type { Alerts, DeliveryEvent, OrderEvent, PartitionTurns, Sql } from '@tributary/domain';
import type { VendorClient } from '@tributary/http';
import type { KafkaClient, LaneProducer, Registry } from '@tributary/kafka';
import { AppLanes, CatalogHeads, deadLetterTo, learnSchema, OffsetWatch, type AppLane } from '@tributary/stream';
import { describeError, type Log, type Metrics } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';

const APP = 'fulfillment';
const HOUSEKEEPING_EVERY_MS = 250;
const WORDS = {
  app: APP,
  vendor: 'TrackingTech',
  effects: 'Courier orders',
  credential: 'the token, the store or the courier code',
  remedy: 'a valid token',
  withoutKeys: 'cannot be shipped, because nobody can read their address',
} as const;

export interface FulfillmentPorts {
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
  readonly partitions: { readonly orders: number; readonly deliveries: number; readonly deadLetters: number };
  readonly onFatal: (error: Error) => void;
}

/**
 * The app from arrival to effect:
 * 1. lane `settings`: config events → table `connections`
 * 2. lane `deliveries`: the app's own delivery events → ledger (most of it known already)
 * 3. start barrier: both have reached the ends that their logs had at start
 * 4. lane `orders`: order events → fold → decide → one statement: orders, ledger, outbox, queue, offset
 * 5. publisher: outbox → delivery topic; dispatcher: queue → weights from the catalog → intent → request → outcome
 * 6. sweeps (settings changed) and commands (a person asked)
 */
export class FulfillmentPipeline {
  private readonly watch: OffsetWatch;
  private readonly delivery: OrderDelivery<TrackingtechSettings, TrackingtechSecrets>;
  private readonly appLanes: AppLanes;
  readonly lanes: {
    readonly settings: AppLane<ConnectionConfigured>;
    readonly deliveries: AppLane<DeliveryEvent>;
    readonly orders: AppLane<OrderEvent>;
  };
  private isPastBarrier = false;
  private isStopped = false;
  private housekeeping: NodeJS.Timeout | undefined;

  constructor(private readonly ports: FulfillmentPorts) {
    const { sql, book, registry, alerts, partitions } = ports;
    const told = new DestinationAlerts(alerts, WORDS);
    this.watch = new OffsetWatch(sql, { schemas: [APP], ops: `${APP}_ops`, onWentBack: ports.onFatal });
    const catalog = new CatalogHeads(sql);
    this.delivery = new OrderDelivery(
      { app: APP, topic: FULFILLMENT_DELIVERY_TOPIC, records: FULFILLMENT_DELIVERY_RECORDS },
      DESTINATIONS.trackingtech,
      {
        ...ports,
        learn: (framed) => learnSchema(registry, book, schemaIdOf(framed)),
        told,
        watch: this.watch,
        turns: this.orderTurns(),
        products: (shop, ids) => catalog.products(shop, ids),
      },
    );
    this.appLanes = new AppLanes({
      ...ports,
      app: APP,
      watch: this.watch,
      deadLetter: deadLetterTo({
        ...ports,
        app: APP,
        topic: FULFILLMENT_DEAD_LETTER_TOPIC,
        record: 'tributary.fulfillment.RecordDeadLettered',
        partitions: partitions.deadLetters,
      }),
      onGap: (topic, partition, expected, found) => told.logGap(topic, partition, expected, found),
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
        topic: FULFILLMENT_DELIVERY_TOPIC,
        decode: (value) => decodeDeliveryEvent(book, FULFILLMENT_DELIVERY_RECORDS, value),
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

  /** Waits for the start barrier (lanes `settings` and `deliveries` must be running), then lets the dispatcher go. */
  async passBarrier(): Promise<void> {
    await this.appLanes.passBarrier([this.lanes.settings, this.lanes.deliveries], () => this.isStopped);
    if (this.isStopped) return;
    await this.watch.look();
    await this.delivery.start();
    this.isPastBarrier = true;
    this.housekeeping = setTimeout(() => void this.keepHouse(), HOUSEKEEPING_EVERY_MS);
    this.ports.log.info({}, 'start barrier passed');
  }

  get isReady(): boolean {
    return this.isPastBarrier && !this.isStopped;
  }

  /** Sends nothing more; what is under way is settled and published. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.housekeeping);
    await this.delivery.stop();
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
    } catch (error) {
      this.ports.log.warn({ cause: describeError(error) }, 'housekeeping waits');
    }
    if (!this.isStopped) this.housekeeping = setTimeout(() => void this.keepHouse(), HOUSEKEEPING_EVERY_MS);
  }
}
