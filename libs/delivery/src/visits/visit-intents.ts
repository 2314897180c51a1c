import { decodeVisitPersonal, schemaIdOf, VISIT_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import {
  ledgerKey,
  UNKNOWN_VISITOR,
  visitorKey,
  type LedgerEntry,
  type SubjectId,
  type TenantId,
  type VisitBackground,
  type VisitEvent,
  type VisitIntent,
  type VisitPersonal,
} from '@tributary/domain';
import type { Vault } from '@tributary/vault';
import type { ConnectionDirectory, WithSources } from '../connection-directory.js';
import type { Prepared } from '../dispatch/dispatch.port.js';
import type { QueuedVisit, VisitHand } from './visit-hand.js';

export type PreparedVisit = VisitIntent & Prepared;

export interface VisitorRef {
  readonly tenantId: TenantId;
  readonly visitor: SubjectId;
}

/** What an app knows of visitors beyond their visits, by {@link visitorKey}; absent: nothing. */
export interface VisitBackgrounds {
  ofVisitors(refs: readonly VisitorRef[]): Promise<ReadonlyMap<string, VisitBackground>>;
}

/** The visits behind ledger entries, their personal parts opened, and what is known of who made them. */
export class VisitIntents<Settings extends WithSources> {
  constructor(
    private readonly hand: VisitHand,
    private readonly directory: ConnectionDirectory<Settings>,
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly learn: (framed: Buffer) => Promise<void>,
    /** Personal parts whose key is gone: erased, or lost with a database. */
    private readonly onKeysMissing: (tenantId: TenantId, count: number) => Promise<void>,
    private readonly backgrounds: VisitBackgrounds,
  ) {}

  async of(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, PreparedVisit>> {
    const queued = entries.flatMap((entry): (readonly [string, QueuedVisit])[] => {
      const key = ledgerKey(entry.key);
      const found = this.hand.get(key);
      return found === undefined ? [] : [[key, found]];
    });
    const visits = queued.map(([, { visit }]) => visit);
    const [personal, backgrounds] = await Promise.all([this.openAll(visits), this.backgrounds.ofVisitors(visits.flatMap(visitorOf))]);
    const intents = new Map<string, PreparedVisit>();
    for (const [key, { visit, eventName }] of queued) {
      const tenant = this.directory.tenant(visit.tenantId);
      if (tenant === undefined) continue;
      const [visitor] = visitorOf(visit);
      intents.set(key, {
        tenant,
        source: this.directory.source(visit.tenantId, visit.shopConnectionId) ?? null,
        eventName,
        visit,
        personal: personal.get(visit) ?? null,
        background: (visitor === undefined ? undefined : backgrounds.get(visitorKey(visitor))) ?? UNKNOWN_VISITOR,
        sealedUnder: null,
      });
    }
    return intents;
  }

  private async openAll(visits: readonly VisitEvent[]): Promise<ReadonlyMap<VisitEvent, VisitPersonal>> {
    const opened = new Map<VisitEvent, VisitPersonal>();
    const sealed = visits.flatMap((visit) =>
      visit.sealedUnder === null || visit.sealedPersonal === null
        ? []
        : [{ visit, subjectId: visit.sealedUnder, sealed: visit.sealedPersonal, topic: VISIT_EVENTS_TOPIC, eventId: visit.eventId }],
    );
    for (const [tenantId, records] of Map.groupBy(sealed, ({ visit }) => visit.tenantId)) {
      const parts = await this.vault.openMany(tenantId, records);
      const missing = parts.filter((part) => part === null).length;
      if (missing > 0) await this.onKeysMissing(tenantId, missing);
      for (const [index, part] of parts.entries()) {
        const record = records[index];
        if (part === null || record === undefined) continue;
        if (!this.book.isKnown(schemaIdOf(part))) await this.learn(part);
        opened.set(record.visit, decodeVisitPersonal(this.book, part));
      }
    }
    return opened;
  }
}

const visitorOf = ({ tenantId, visitor }: VisitEvent): VisitorRef[] => (visitor === null ? [] : [{ tenantId, visitor }]);
