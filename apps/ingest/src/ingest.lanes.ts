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
import { INSTALLATION, type Alerts, type CatalogEvent, type Claim, type OrderEvent, type Positioned, type Sql } from '@tributary/domain';
import type { KafkaClient, Registry } from '@tributary/kafka';
import { applySettings } from '@tributary/postgres';
import {
  applyCatalogHeads,
  applyHeads,
  applyRejections,
  learnSchema,
  OffsetWatch,
  Projection,
  ProjectionLane,
  type DeadRecord,
} from '@tributary/stream';
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

interface LaneOf<Event> {
  readonly lane: ProjectionLane<Event>;
  readonly projection: Projection<Event>;
}

/** What ingest folds for itself: its settings, the heads of all orders and catalog items, the list of rejected payloads. */
export class IngestLanes {
  readonly settings: LaneOf<ConnectionConfigured>;
  readonly heads: LaneOf<OrderEvent>;
  readonly rejections: LaneOf<RejectedEvent>;
  readonly catalog: LaneOf<CatalogEvent>;
  /** People's keys are cached here, so a database that went back ends this app too. */
  readonly watch: OffsetWatch;

  constructor(private readonly ports: IngestLanePorts) {
    const { sql, book } = ports;
    this.watch = new OffsetWatch(sql, { schemas: ['ingest', 'orders'], ops: 'ingest_ops', onWentBack: ports.onFatal });
    this.settings = this.laneOf(
      'settings',
      'ingest',
      CONFIG_EVENTS_TOPIC,
      (value) => decodeConnectionConfigured(book, value),
      (events, claim) => applySettings(sql, events, claim),
    );
    this.heads = this.laneOf(
      'heads',
      'orders',
      ORDER_EVENTS_TOPIC,
      (value) => decodeOrderEvent(book, value),
      (events, claim) => applyHeads(sql, events, claim),
    );
    this.rejections = this.laneOf(
      'rejections',
      'orders',
      REJECTED_EVENTS_TOPIC,
      (value) => decodeRejectedEvent(book, value),
      (events, claim) => applyRejections(sql, events, claim),
    );
    this.catalog = this.laneOf(
      'catalog',
      'orders',
      CATALOG_EVENTS_TOPIC,
      (value) => decodeCatalogEvent(book, value),
      (events, claim) => applyCatalogHeads(sql, events, claim),
    );
  }

  private laneOf<Event>(
    pattern: string,
    schema: string,
    topic: string,
    decode: (value: Buffer) => Event,
    apply: (events: readonly Positioned<Event>[], claim: Claim) => Promise<boolean>,
  ): LaneOf<Event> {
    const { sql, kafka, registry, book, log, sessionTimeoutMs, onFatal } = this.ports;
    const projection = new Projection<Event>(
      sql,
      {
        schema,
        projection: pattern,
        topic,
        decode,
        apply,
        watch: this.watch,
        learnSchema: (id) => learnSchema(registry, book, id),
        deadLetter: (dead) => this.report(dead),
        onGap: (partition, expected, found) => {
          log.error({ topic, partition, expected, found }, 'the log lost records before they were read');
        },
      },
      log,
    );
    const lane = new ProjectionLane(
      kafka,
      projection,
      { pattern, groupId: `tributary.ingest.${pattern}`, topic, sessionTimeoutMs, partitionsAtOnce: 3, onFatal },
      log,
    );
    return { lane, projection };
  }

  /** These folds only list what other topics hold; a record that cannot be folded stays in its topic, and the alert says where. */
  private async report({ topic, partition, record, reason }: DeadRecord): Promise<void> {
    await this.ports.alerts.open({
      tenantId: INSTALLATION,
      connectionId: null,
      kind: 'dead-letter',
      what: `A record of ${topic} could not be folded (${reason}) and was passed over.`,
      todo: `It stays in ${topic}[${partition}] at offset ${record.offset}. Update Tributary, then rebuild.`,
    });
  }
}
