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
  type VisitBackgrounds,
} from '@tributary/delivery';
import { tiktokDestination, type TiktokSecrets, type TiktokSettings } from '@tributary/destinations';
import type { Alerts, Sql, VisitDeliveryEvent, VisitEvent } from '@tributary/domain';
import type { VendorClient } from '@tributary/http';
import type { LaneProducer, Registry } from '@tributary/kafka';
import { learnSchema, type AppLane, type AppLanes, type OffsetWatch } from '@tributary/stream';
import type { Log, Metrics } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';

export interface VisitLanesPorts {
  readonly app: string;
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
  readonly backgrounds: VisitBackgrounds;
  readonly inForce: (credential: Credential) => Promise<DestinationInForce<TiktokSettings, TiktokSecrets> | undefined>;
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
  readonly lanes: { readonly visits: AppLane<VisitEvent>; readonly visitDeliveries: AppLane<VisitDeliveryEvent> };

  constructor(appLanes: AppLanes, ports: VisitLanesPorts) {
    const { app, book, registry } = ports;
    this.delivery = new VisitDelivery({ app, topic: TIKTOK_VISIT_DELIVERY_TOPIC }, tiktokDestination, {
      ...ports,
      partitions: ports.partitions.visitDeliveries,
      learn: (framed) => learnSchema(registry, book, schemaIdOf(framed)),
    });
    this.lanes = {
      visits: appLanes.lane({
        name: 'visits',
        topic: VISIT_EVENTS_TOPIC,
        schema: `${app}_ops`,
        decode: (value) => decodeVisitEvent(book, value),
        apply: (events, claim) => this.delivery.decide(events, claim),
      }),
      visitDeliveries: appLanes.lane({
        name: 'visit-deliveries',
        topic: TIKTOK_VISIT_DELIVERY_TOPIC,
        decode: (value) => decodeVisitDeliveryEvent(book, value),
        apply: (events, claim) => this.delivery.fold(events, claim),
      }),
    };
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
