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
import { rebuildSchema, type OffsetsByTopic, type RebuildReport, type RowVersion } from '@tributary/postgres';
import { ShadowFold, type ShadowPorts } from '../shadow-fold.js';
import { applyAssertions } from './graph.store.js';
import { applyPublishedVisitors, applyVisits } from './visitors.store.js';

export interface IdentityRebuildPorts extends ShadowPorts {
  readonly sql: Sql;
  readonly book: SchemaBook;
  readonly onProgress: (step: string, detail: string) => void;
}

const APP = 'identity';
const SHADOW = 'identity_next';
/** Only the shadow folds its own topic: for what the visits' topic does not hold any more. */
const PUBLISHED = 'published';
const NOTHING: ReadonlyMap<number, number> = new Map();
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
  run(isDryRun: boolean): Promise<RebuildReport> {
    const { sql, onProgress } = this.ports;
    return rebuildSchema(
      {
        sql,
        schema: APP,
        shadow: SHADOW,
        tables: VERSIONED,
        catchUp: (on, live) => this.catchUp(on, live),
        ownTopics: [],
        finish: (tx, catchUp) => this.finish(tx, catchUp),
        onProgress,
      },
      isDryRun,
    );
  }

  private async catchUp(sql: Sql, live: OffsetsByTopic): Promise<number> {
    const before = this.shadow.events;
    const published = await withTopicAdmin(this.ports.kafka, (admin) => admin.endOffsets(VISITORS_TOPIC));
    await this.shadow.fold(sql, this.graph(sql), live.get(ASSERTION_EVENTS_TOPIC) ?? NOTHING);
    await this.shadow.fold(sql, this.published(sql), published);
    await this.shadow.fold(sql, this.visits(sql), live.get(VISIT_EVENTS_TOPIC) ?? NOTHING);
    return this.shadow.events - before;
  }

  private async finish(tx: Sql, catchUp: () => Promise<unknown>): Promise<void> {
    await catchUp();
    await tx.query('', `delete from ${SHADOW}.offsets where projection = '${PUBLISHED}'`);
    // Cleaned away, and their tombstones not published yet.
    await tx.query(
      '',
      `delete from ${SHADOW}.visitors v using identity_ops.outbox o
        where o.kind = 'visitor' and o.is_gone and o.tenant_id = v.tenant_id and o.id = v.visitor`,
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
