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
import {
  addIndexes,
  applySettings,
  differingRows,
  lockTables,
  makeShadow,
  type RowVersion,
  swapSchemas,
  TablesBusy,
} from '@tributary/postgres';
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

export interface RebuildReport {
  readonly events: number;
  readonly seconds: number;
  /** Rows that differed from the live ones although key and version are the same, by table. */
  readonly differing: ReadonlyMap<string, number>;
  readonly isSwapped: boolean;
}

const LOCK_TIMEOUT_MS = 10_000;
/** The last pass under the lock is short: it begins when no more than this is left. */
const SWAP_ATTEMPTS = 10;
const CLOSE_ENOUGH_RECORDS = 2_000;
const MAX_PASSES = 20;
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
  async run(isDryRun: boolean): Promise<RebuildReport> {
    const began = performance.now();
    const { sql, onProgress } = this.ports;
    onProgress('shadow', `empty tables in ${this.shadow}`);
    await makeShadow(sql, this.target.app, this.shadow);
    for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
      const read = await this.catchUp(sql);
      onProgress('fold', `pass ${pass}: ${read} events, ${this.folding.events} in all`);
      if (read <= CLOSE_ENOUGH_RECORDS) break;
    }
    onProgress('indexes', 'building them');
    await addIndexes(sql, this.target.app, this.shadow);
    await this.catchUp(sql);
    const { visitTopic, furtherTables = {} } = this.target;
    const tables = { ...VERSIONED, ...(visitTopic === null ? {} : VISIT_TABLES), ...furtherTables };
    const differing = await differingRows(sql, this.target.app, this.shadow, tables);
    onProgress('compare', [...differing].map(([table, count]) => `${table} ${count} differ`).join(', '));
    if (isDryRun) await sql.query('', `drop schema ${this.shadow} cascade`);
    else await this.swapWhenFree();
    return { events: this.folding.events, seconds: (performance.now() - began) / 1_000, differing, isSwapped: !isDryRun };
  }

  /** Settings and orders up to where the live projections are (never beyond: they would skip deciding), deliveries to the end. */
  private async catchUp(sql: Sql): Promise<number> {
    const before = this.folding.events;
    const live = await this.liveOffsets(sql);
    const deliveryEnds = await this.ends(this.target.deliveryTopic);
    await this.folding.fold(sql, this.settings(sql), live.get(CONFIG_EVENTS_TOPIC) ?? new Map<number, number>());
    await this.folding.fold(sql, this.orders(sql), live.get(ORDER_EVENTS_TOPIC) ?? new Map<number, number>());
    for (const fold of this.target.further?.(this.ports.book) ?? []) {
      await this.folding.fold(sql, furtherSource(sql, fold), live.get(fold.topic) ?? new Map<number, number>());
    }
    await this.folding.fold(sql, this.deliveries(sql), deliveryEnds);
    const { visitTopic } = this.target;
    if (visitTopic !== null) await this.folding.fold(sql, this.visitDeliveries(sql, visitTopic), await this.ends(visitTopic));
    return this.folding.events - before;
  }

  /** Tables that are busy change nothing: the shadow is brought up to date again and the swap tried anew. */
  private async swapWhenFree(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.swap();
      } catch (error) {
        if (!(error instanceof TablesBusy) || attempt === SWAP_ATTEMPTS) throw error;
        this.ports.onProgress('swap', `${error.message}; trying again`);
        await this.catchUp(this.ports.sql);
      }
    }
  }

  private async swap(): Promise<void> {
    const { sql, onProgress } = this.ports;
    const { app } = this.target;
    onProgress('swap', 'waiting for the lock');
    await sql.transaction(async (tx) => {
      await lockTables(tx, app, LOCK_TIMEOUT_MS);
      // First the outbox, then the log's end: what left the outbox before was in the log before.
      const unpublished = await tx.query<{ value: Buffer }>('rebuild-outbox', `select value from ${app}_ops.outbox order by id`);
      const unpublishedVisits =
        this.target.visitTopic === null
          ? []
          : await tx.query<{ ledger_key: string; value: Buffer }>(
              'rebuild-visit-outbox',
              `select ledger_key, value from ${app}_ops.visit_outbox order by id`,
            );
      // Up to the live offsets, which nobody moves now: a consumer whose partition is idle would never notice that it was set back.
      await this.catchUp(tx);
      await this.foldOutbox(
        tx,
        unpublished.map(({ value }) => value),
      );
      if (this.target.visitTopic !== null) await this.foldVisitOutbox(tx, this.target.visitTopic, unpublishedVisits);
      await this.refuseAhead(tx);
      await swapSchemas(tx, app, this.shadow);
      // Offsets may lie further back now: running processes must not take that for a restored backup.
      await tx.query('rebuild-done', `insert into ${app}_ops.rebuilds default values`);
    });
    onProgress('swap', 'done');
  }

  /** A shadow that has read further than the live projection would make it skip orders that nobody has decided on. */
  private async refuseAhead(tx: Sql): Promise<void> {
    const rows = await tx.query<{ topic: string; partition: number }>(
      'rebuild-ahead',
      `select s.topic, s.partition from ${this.shadow}.offsets s
         left join ${this.target.app}.offsets l using (projection, topic, partition)
        where s.topic <> all($1::text[]) and s.next_offset > coalesce(l.next_offset, 0)`,
      [[this.target.deliveryTopic, this.target.visitTopic ?? this.target.deliveryTopic]],
    );
    if (rows.length > 0)
      throw new Error(
        `the shadow is ahead of the live projection on ${rows.length} partition(s); nothing was changed. Run the rebuild again.`,
      );
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

  private async liveOffsets(sql: Sql): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
    const rows = await sql.query<{ topic: string; partition: number; next_offset: number }>(
      `rebuild-live-${this.target.app}`,
      `select topic, partition, next_offset from ${this.target.app}.offsets`,
    );
    const byTopic = new Map<string, Map<number, number>>();
    for (const { topic, partition, next_offset } of rows) {
      const offsets = byTopic.get(topic) ?? new Map<number, number>();
      byTopic.set(topic, offsets.set(partition, next_offset));
    }
    return byTopic;
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
