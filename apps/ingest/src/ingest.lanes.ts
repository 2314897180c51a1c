import {
  CATALOG_EVENTS_TOPIC,
  CONFIG_EVENTS_TOPIC,
  decodeCatalogEvent,
  decodeConnectionConfigured,
  decodeOrderEvent,
  decodeRejectedEvent,
  ORDER_EVENTS_TOPIC,
  REJECTED_EVENTS_TOPIC,
  type ConnectionConfigured,
  type RejectedEvent,
  type SchemaBook,
} from '@tributary/codecs';
import type { Alerts, CatalogEvent, OrderEvent, Sql } from '@tributary/domain';
import type { KafkaClient, Registry } from '@tributary/kafka';
import { applySettings } from '@tributary/postgres';
import { AppLanes, applyCatalogHeads, applyHeads, applyRejections, leaveInTopic, OffsetWatch, type AppLane } from '@tributary/stream';
import type { Log } from '@tributary/telemetry';

export interface IngestLanePorts {
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly alerts: Alerts;
  readonly log: Log;
  readonly sessionTimeoutMs: number;
  readonly onFatal: (error: Error) => void;
}

const APP = 'ingest';
/** Of what `control` shows too. */
const ORDERS = 'orders';

/** What ingest folds for itself: its settings, the heads of all orders and catalog items, the list of rejected payloads. */
export class IngestLanes {
  readonly settings: AppLane<ConnectionConfigured>;
  readonly heads: AppLane<OrderEvent>;
  readonly rejections: AppLane<RejectedEvent>;
  readonly catalog: AppLane<CatalogEvent>;
  /** People's keys are cached here, so a database that went back ends this app too. */
  readonly watch: OffsetWatch;
  private readonly appLanes: AppLanes;

  constructor(ports: IngestLanePorts) {
    const { sql, book } = ports;
    this.watch = new OffsetWatch(sql, { schemas: [APP, ORDERS], ops: `${APP}_ops`, onWentBack: ports.onFatal });
    this.appLanes = new AppLanes({ ...ports, app: APP, watch: this.watch, deadLetter: leaveInTopic(ports.alerts, 'rebuild') });
    this.settings = this.appLanes.lane({
      name: 'settings',
      topic: CONFIG_EVENTS_TOPIC,
      decode: (value) => decodeConnectionConfigured(book, value),
      apply: (events, claim) => applySettings(sql, events, claim),
    });
    this.heads = this.appLanes.lane({
      name: 'heads',
      topic: ORDER_EVENTS_TOPIC,
      schema: ORDERS,
      decode: (value) => decodeOrderEvent(book, value),
      apply: (events, claim) => applyHeads(sql, events, claim),
    });
    this.rejections = this.appLanes.lane({
      name: 'rejections',
      topic: REJECTED_EVENTS_TOPIC,
      schema: ORDERS,
      decode: (value) => decodeRejectedEvent(book, value),
      apply: (events, claim) => applyRejections(sql, events, claim),
    });
    this.catalog = this.appLanes.lane({
      name: 'catalog',
      topic: CATALOG_EVENTS_TOPIC,
      schema: ORDERS,
      decode: (value) => decodeCatalogEvent(book, value),
      apply: (events, claim) => applyCatalogHeads(sql, events, claim),
    });
  }

  /** Waits until the settings that the log held at the start are folded; the lane must be running. */
  foldedSettings(isStopped: () => boolean): Promise<void> {
    return this.appLanes.passBarrier([this.settings], isStopped);
  }
}
