import {
  ASSERTION_EVENTS_TOPIC,
  decodeAssertionEvent,
  decodeVisitEvent,
  decodeVisitorEvent,
  VISIT_EVENTS_TOPIC,
  VISITORS_TOPIC,
  type SchemaBook,
} from '@tributary/codecs';
import { forgottenVisitor, type AssertionEvent, type ShadowSource, type Sql, type VisitEvent, type VisitorEvent } from '@tributary/domain';
import { withTopicAdmin } from '@tributary/kafka';
import { addIndexes, differingRows, lockTables, makeShadow, swapSchemas, TablesBusy, type RowVersion } from '@tributary/postgres';
import { ShadowFold, type ShadowPorts } from '../shadow-fold.js';
import { applyAssertions } from './graph.store.js';
import { applyPublishedVisitors, applyVisits } from './visitors.store.js';

export interface IdentityRebuildPorts extends ShadowPorts {
  readonly sql: Sql;
  readonly book: SchemaBook;
  readonly onProgress: (step: string, detail: string) => void;
}

export interface IdentityRebuildReport {
  readonly events: number;
  readonly seconds: number;
  /** Rows that differed from the live ones although key and version are the same, by table. */
  readonly differing: ReadonlyMap<string, number>;
  readonly isSwapped: boolean;
}

const APP = 'identity';
const SHADOW = 'identity_next';
/** Only the shadow folds its own topic: for what the visits' topic does not hold any more. */
const PUBLISHED = 'published';
const LOCK_TIMEOUT_MS = 10_000;
const SWAP_ATTEMPTS = 10;
/** The last pass under the lock is short: it begins when no more than this is left. */
const CLOSE_ENOUGH_RECORDS = 2_000;
const MAX_PASSES = 20;
const VERSIONED: Readonly<Record<string, RowVersion>> = {
  profile_heads: { key: ['tenant_id', 'profile_id'], version: ['version'] },
  visitor_heads: { key: ['tenant_id', 'visitor'], version: ['version'] },
  visitors: { key: ['tenant_id', 'visitor'], version: ['version'] },
};

/**
 * Folds identity's tables anew from the logs, with effects off, and puts them in the place of the live ones. Publishes nothing and
 * needs no key. Visitors begin with what was published of them, for their visits stay a shorter time than they do.
 */
export class IdentityRebuild {
  private readonly shadow: ShadowFold;

  constructor(private readonly ports: IdentityRebuildPorts) {
    this.shadow = new ShadowFold(ports, SHADOW);
  }

  /** With `isDryRun` the shadow is compared and thrown away. */
  async run(isDryRun: boolean): Promise<IdentityRebuildReport> {
    const began = performance.now();
    const { sql, onProgress } = this.ports;
    onProgress('shadow', `empty tables in ${SHADOW}`);
    await makeShadow(sql, APP, SHADOW);
    for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
      const read = await this.catchUp(sql);
      onProgress('fold', `pass ${pass}: ${read} events, ${this.shadow.events} in all`);
      if (read <= CLOSE_ENOUGH_RECORDS) break;
    }
    onProgress('indexes', 'building them');
    await addIndexes(sql, APP, SHADOW);
    await this.catchUp(sql);
    const differing = await differingRows(sql, APP, SHADOW, VERSIONED);
    onProgress('compare', [...differing].map(([table, count]) => `${table} ${count} differ`).join(', '));
    if (isDryRun) await sql.query('', `drop schema ${SHADOW} cascade`);
    else await this.swapWhenFree();
    return { events: this.shadow.events, seconds: (performance.now() - began) / 1_000, differing, isSwapped: !isDryRun };
  }

  /** Assertions and visits up to where the live projections are, the own topic to its end. */
  private async catchUp(sql: Sql): Promise<number> {
    const before = this.shadow.events;
    const live = await this.liveOffsets(sql);
    const published = await withTopicAdmin(this.ports.kafka, (admin) => admin.endOffsets(VISITORS_TOPIC));
    await this.shadow.fold(sql, this.graph(sql), live.get(ASSERTION_EVENTS_TOPIC) ?? new Map<number, number>());
    await this.shadow.fold(sql, this.published(sql), published);
    await this.shadow.fold(sql, this.visits(sql), live.get(VISIT_EVENTS_TOPIC) ?? new Map<number, number>());
    return this.shadow.events - before;
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
    onProgress('swap', 'waiting for the lock');
    await sql.transaction(async (tx) => {
      await lockTables(tx, APP, LOCK_TIMEOUT_MS);
      await this.catchUp(tx);
      await tx.query('', `delete from ${SHADOW}.offsets where projection = '${PUBLISHED}'`);
      // Cleaned away, and their tombstones not published yet.
      await tx.query(
        '',
        `delete from ${SHADOW}.visitors v using identity_ops.outbox o
          where o.kind = 'visitor' and o.is_gone and o.tenant_id = v.tenant_id and o.id = v.visitor`,
      );
      await this.refuseAhead(tx);
      await swapSchemas(tx, APP, SHADOW);
      // Offsets may lie further back now: running processes must not take that for a restored backup.
      await tx.query('', 'insert into identity_ops.rebuilds default values');
    });
    onProgress('swap', 'done');
  }

  private async refuseAhead(tx: Sql): Promise<void> {
    const rows = await tx.query(
      '',
      `select 1 from ${SHADOW}.offsets s left join ${APP}.offsets l using (projection, topic, partition)
        where s.next_offset > coalesce(l.next_offset, 0)`,
    );
    if (rows.length > 0)
      throw new Error(
        `the shadow is ahead of the live projection on ${rows.length} partition(s); nothing was changed. Run the rebuild again.`,
      );
  }

  private async liveOffsets(sql: Sql): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
    const rows = await sql.query<{ topic: string; partition: number; next_offset: number }>(
      '',
      `select topic, partition, next_offset from ${APP}.offsets`,
    );
    return new Map(
      [...Map.groupBy(rows, ({ topic }) => topic)].map(([topic, of]) => [
        topic,
        new Map(of.map(({ partition, next_offset }) => [partition, next_offset])),
      ]),
    );
  }

  private graph(sql: Sql): ShadowSource<AssertionEvent> {
    return {
      projection: 'graph',
      topic: ASSERTION_EVENTS_TOPIC,
      decode: (value) => decodeAssertionEvent(this.ports.book, value),
      apply: (events, claim) => applyAssertions(sql, events, claim, 'off'),
    };
  }

  private visits(sql: Sql): ShadowSource<VisitEvent> {
    return {
      projection: 'visits',
      topic: VISIT_EVENTS_TOPIC,
      decode: (value) => decodeVisitEvent(this.ports.book, value),
      apply: (events, claim) => applyVisits(sql, events, claim, 'off'),
    };
  }

  private published(sql: Sql): ShadowSource<VisitorEvent> {
    return {
      projection: PUBLISHED,
      topic: VISITORS_TOPIC,
      decode: (value) => decodeVisitorEvent(this.ports.book, value),
      decodeTombstone: forgottenVisitor,
      apply: (events, claim) => applyPublishedVisitors(sql, events, claim),
    };
  }
}
