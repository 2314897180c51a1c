import {
  CONFIG_EVENTS_TOPIC,
  decodeConnectionConfigured,
  decodeDeliveryEvent,
  decodeOrderEvent,
  decodeVisitDeliveryEvent,
  ORDER_EVENTS_TOPIC,
  schemaIdOf,
  type DeliveryRecords,
  type SchemaBook,
} from '@tributary/codecs';
import {
  ledgerKey,
  partitionOf,
  type DeliveryEvent,
  type ShadowFolding,
  type ShadowSource,
  type Sql,
  type VisitDeliveryEvent,
} from '@tributary/domain';
import { withTopicAdmin, type KafkaClient } from '@tributary/kafka';
import { applySettings, rebuildSchema, type OffsetsByTopic, type RebuildReport, type RowVersion } from '@tributary/postgres';
import type { FoldOf } from './background/buyer-folds.js';
import { applyDeliveryEvents, foldDeliveries } from './delivery-fold.js';
import { LedgerStore } from './ledger.store.js';
import { foldOrders } from './order-planner.js';
import { OrdersStore } from './orders.store.js';
import { applyVisitDeliveries, putVisits } from './visits/visit-fold.js';
import { loggedVisits } from './visits/visit-rows.js';

export interface RebuildPorts {
  readonly sql: Sql;
  readonly kafka: KafkaClient;
  /** Makes the schema id of a framed record known. */
  readonly learn: (framed: Buffer) => Promise<void>;
  /** Into the shadow of this schema. */
  readonly foldingInto: (shadow: string) => ShadowFolding;
  readonly book: SchemaBook;
  readonly onProgress: (step: string, detail: string) => void;
}

export interface RebuildTarget {
  /** The app's schema, `tiktok`. */
  readonly app: string;
  readonly deliveryTopic: string;
  readonly records: DeliveryRecords;
  /** Of requests with visits, where the app sends them. */
  readonly visitTopic: string | null;
  /** What the app folds besides settings, orders and deliveries. */
  readonly further?: (book: SchemaBook) => readonly FoldOf<unknown>[];
  /** The tables of those. */
  readonly furtherTables?: Readonly<Record<string, RowVersion>>;
}

const NOTHING: ReadonlyMap<number, number> = new Map();
const VERSIONED: Readonly<Record<string, RowVersion>> = {
  connections: { key: ['tenant_id', 'connection_id'], version: ['version'] },
  orders: {
    key: ['tenant_id', 'connection_id', 'order_id'],
    version: ['as_of', 'modified_at', 'observed_at', 'content_hash', 'deletion_reported_at'],
  },
  ledger_entries: { key: ['ledger_key'], version: ['version'] },
};
const VISIT_TABLES: Readonly<Record<string, RowVersion>> = {
  visit_deliveries: {
    key: ['tenant_id', 'reference', 'destination_connection_id', 'source_connection_id', 'mode'],
    version: ['version'],
  },
};

const furtherSource = (sql: Sql, fold: FoldOf<unknown>): ShadowSource<unknown> => ({
  projection: fold.projection,
  topic: fold.topic,
  decode: (value) => fold.decode(value),
  decodeTombstone: (key) => fold.decodeTombstone?.(key) ?? null,
  apply: (events, claim) => fold.apply(sql, events, claim),
});

/** Folds an app's tables anew from the log, with effects off, and puts them in the place of the live ones. Sends nothing. */
export class Rebuild {
  private readonly shadow: string;
  private readonly folding: ShadowFolding;

  constructor(
    private readonly ports: RebuildPorts,
    private readonly target: RebuildTarget,
  ) {
    this.shadow = `${target.app}_next`;
    this.folding = ports.foldingInto(this.shadow);
  }

  /** With `isDryRun` the shadow is compared and thrown away. */
  run(isDryRun: boolean): Promise<RebuildReport> {
    const { sql, onProgress } = this.ports;
    const { app: schema, deliveryTopic, visitTopic, furtherTables = {} } = this.target;
    return rebuildSchema(
      {
        sql,
        schema,
        shadow: this.shadow,
        tables: { ...VERSIONED, ...(visitTopic === null ? {} : VISIT_TABLES), ...furtherTables },
        catchUp: (on, live) => this.catchUp(on, live),
        ownTopics: visitTopic === null ? [deliveryTopic] : [deliveryTopic, visitTopic],
        finish: (tx, catchUp) => this.finish(tx, catchUp),
        onProgress,
      },
      isDryRun,
    );
  }

  private async catchUp(sql: Sql, live: OffsetsByTopic): Promise<number> {
    const before = this.folding.events;
    const { deliveryTopic, visitTopic, further } = this.target;
    const deliveryEnds = await this.ends(deliveryTopic);
    await this.folding.fold(sql, this.settings(sql), live.get(CONFIG_EVENTS_TOPIC) ?? NOTHING);
    await this.folding.fold(sql, this.orders(sql), live.get(ORDER_EVENTS_TOPIC) ?? NOTHING);
    for (const fold of further?.(this.ports.book) ?? [])
      await this.folding.fold(sql, furtherSource(sql, fold), live.get(fold.topic) ?? NOTHING);
    await this.folding.fold(sql, this.deliveries(sql), deliveryEnds);
    if (visitTopic !== null) await this.folding.fold(sql, this.visitDeliveries(sql, visitTopic), await this.ends(visitTopic));
    return this.folding.events - before;
  }

  /** First the outbox, then the log's end: what left the outbox before was in the log before. */
  private async finish(tx: Sql, catchUp: () => Promise<unknown>): Promise<void> {
    const { app, visitTopic } = this.target;
    const unpublished = await tx.query<{ value: Buffer }>('rebuild-outbox', `select value from ${app}_ops.outbox order by id`);
    const unpublishedVisits =
      visitTopic === null
        ? []
        : await tx.query<{ ledger_key: string; value: Buffer }>(
            'rebuild-visit-outbox',
            `select ledger_key, value from ${app}_ops.visit_outbox order by id`,
          );
    await catchUp();
    await this.foldOutbox(
      tx,
      unpublished.map(({ value }) => value),
    );
    if (visitTopic !== null) await this.foldVisitOutbox(tx, visitTopic, unpublishedVisits);
  }

  private async foldOutbox(tx: Sql, values: readonly Buffer[]): Promise<void> {
    const { book } = this.ports;
    const events = values.map((value): DeliveryEvent => decodeDeliveryEvent(book, this.target.records, value));
    const ledger = new LedgerStore(tx, this.shadow, book, this.target.records);
    const known = await ledger.find([...new Set(events.map(({ key }) => ledgerKey(key)))]);
    await ledger.putFolded(foldDeliveries(new Map(known.map((entry) => [ledgerKey(entry.key), entry])), events));
  }

  private async foldVisitOutbox(
    tx: Sql,
    topic: string,
    rows: readonly { readonly ledger_key: string; readonly value: Buffer }[],
  ): Promise<void> {
    const partitions = (await this.ends(topic)).size;
    const visits = rows.flatMap(({ ledger_key: key, value }) =>
      loggedVisits(decodeVisitDeliveryEvent(this.ports.book, value), partitionOf(key, partitions)),
    );
    await putVisits(tx, this.shadow, visits);
  }

  private ends(topic: string): Promise<ReadonlyMap<number, number>> {
    return withTopicAdmin(this.ports.kafka, (admin) => admin.endOffsets(topic));
  }

  private settings(sql: Sql): ShadowSource<ReturnType<typeof decodeConnectionConfigured>> {
    const { book } = this.ports;
    return {
      projection: 'settings',
      topic: CONFIG_EVENTS_TOPIC,
      decode: (value) => decodeConnectionConfigured(book, value),
      apply: (events, claim) => applySettings(sql, events, claim),
    };
  }

  private orders(sql: Sql): ShadowSource<ReturnType<typeof decodeOrderEvent>> {
    const { book, learn } = this.ports;
    const store = new OrdersStore(sql, this.shadow, book, (framed) =>
      book.isKnown(schemaIdOf(framed)) ? Promise.resolve() : learn(framed),
    );
    return {
      projection: 'orders',
      topic: ORDER_EVENTS_TOPIC,
      decode: (value) => decodeOrderEvent(book, value),
      apply: async (events, claim) => {
        const known = await store.find(events.map(({ event }) => event));
        return store.applyFolded(foldOrders(known, events, claim.key.partition), claim);
      },
    };
  }

  private visitDeliveries(sql: Sql, topic: string): ShadowSource<VisitDeliveryEvent> {
    const { book } = this.ports;
    return {
      projection: 'visit-deliveries',
      topic,
      decode: (value) => decodeVisitDeliveryEvent(book, value),
      apply: (events, claim) => applyVisitDeliveries(sql, this.shadow, events, claim),
    };
  }

  private deliveries(sql: Sql): ShadowSource<DeliveryEvent> {
    const { book } = this.ports;
    const { records, deliveryTopic } = this.target;
    const store = new LedgerStore(sql, this.shadow, book, records);
    return {
      projection: 'deliveries',
      topic: deliveryTopic,
      decode: (value) => decodeDeliveryEvent(book, records, value),
      apply: (events, claim) => applyDeliveryEvents(sql, store, events, claim),
    };
  }
}
