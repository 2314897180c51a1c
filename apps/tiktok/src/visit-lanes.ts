import {
  decodeVisitDeliveryEvent,
  decodeVisitEvent,
  schemaIdOf,
  TIKTOK_VISIT_DELIVERY_TOPIC,
  VISIT_EVENTS_TOPIC,
  type SchemaBook,
} from '@tributary/codecs';
import {
  VisitDelivery,
  type ConnectionDirectory,
  type Credential,
  type DestinationAlerts,
  type DestinationInForce,
} from '@tributary/delivery';
import { tiktokDestination, type TiktokSecrets, type TiktokSettings } from '@tributary/destinations';
import type { Alerts, Claim, Positioned, Sql, VisitDeliveryEvent, VisitEvent } from '@tributary/domain';
import type { VendorClient } from '@tributary/http';
import type { LaneProducer, Registry } from '@tributary/kafka';
import { behind, learnSchema, type OffsetWatch, type Projection, type ProjectionLane } from '@tributary/stream';
import type { Log, Metrics } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';

const APP = 'tiktok';
const FOLD = 'visit-deliveries';

type Apply<Event> = (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>;

export interface VisitLanesPorts {
  readonly sql: Sql;
  readonly producer: LaneProducer;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly vault: Vault;
  readonly alerts: Alerts;
  readonly told: DestinationAlerts;
  readonly vendor: VendorClient;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly owner: string;
  readonly requestsPerSecond: number;
  readonly partitions: { readonly visitDeliveries: number };
  readonly watch: OffsetWatch;
  readonly directory: ConnectionDirectory<TiktokSettings>;
  readonly inForce: (credential: Credential) => Promise<DestinationInForce<TiktokSettings, TiktokSecrets> | undefined>;
  /** As the app makes them for every topic. */
  readonly projection: <Event>(
    name: string,
    topic: string,
    decode: (value: Buffer) => Event,
    apply: Apply<Event>,
    schema?: string,
  ) => Projection<Event>;
  readonly lane: <Event>(pattern: string, topic: string, projection: Projection<Event>) => ProjectionLane<Event>;
}

/**
 * Visits from arrival to effect, beside the orders and never before them:
 * 1. lane `visit-deliveries`: the app's own requests with visits → table `visit_deliveries` (most of it known already)
 * 2. start barrier
 * 3. lane `visits`: visits → decide → one statement: queue, offset
 * 4. dispatcher: queue → request made durable → request → outcome
 */
export class VisitLanes {
  private readonly delivery: VisitDelivery<TiktokSettings, TiktokSecrets>;
  readonly projections: { readonly visits: Projection<VisitEvent>; readonly visitDeliveries: Projection<VisitDeliveryEvent> };
  readonly lanes: { readonly visits: ProjectionLane<VisitEvent>; readonly visitDeliveries: ProjectionLane<VisitDeliveryEvent> };

  constructor(private readonly ports: VisitLanesPorts) {
    const { book, registry, projection, lane } = ports;
    this.delivery = new VisitDelivery({ app: APP, topic: TIKTOK_VISIT_DELIVERY_TOPIC }, tiktokDestination, {
      ...ports,
      partitions: ports.partitions.visitDeliveries,
      learn: (framed) => learnSchema(registry, book, schemaIdOf(framed)),
    });
    this.projections = {
      visits: projection(
        'visits',
        VISIT_EVENTS_TOPIC,
        (value) => decodeVisitEvent(book, value),
        (events, claim) => this.delivery.decide(events, claim),
        `${APP}_ops`,
      ),
      visitDeliveries: projection(
        FOLD,
        TIKTOK_VISIT_DELIVERY_TOPIC,
        (value) => decodeVisitDeliveryEvent(book, value),
        (events, claim) => this.delivery.fold(events, claim),
      ),
    };
    this.lanes = {
      visits: lane('visits', VISIT_EVENTS_TOPIC, this.projections.visits),
      visitDeliveries: lane(FOLD, TIKTOK_VISIT_DELIVERY_TOPIC, this.projections.visitDeliveries),
    };
  }

  /** Partitions of the fold that have not reached the end that the log had at start. */
  async barrierTarget(): Promise<() => Promise<readonly number[]>> {
    const endOffsets = await this.lanes.visitDeliveries.heldEndOffsets();
    return () => behind(this.ports.sql, { schema: APP, projection: FOLD, topic: TIKTOK_VISIT_DELIVERY_TOPIC, endOffsets });
  }

  start(): Promise<void> {
    return this.delivery.start();
  }

  stop(): Promise<void> {
    return this.delivery.stop();
  }

  keepHouse(): Promise<void> {
    return this.delivery.keepHouse();
  }
}
