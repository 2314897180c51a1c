import type { ConnectionId, TenantId } from './ids.js';

/** What every record of every topic begins with. Times are epoch milliseconds, UTC. */
export interface Envelope {
  /** UUIDv7, minted once per observation; a visit keeps the browser's own id. Never derived from content. */
  readonly eventId: string;
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  /** When it happened, on the clock of whoever says so (for an order: the shop's). */
  readonly occurredAt: number;
  /** When it reached us, on our clock; stays the arrival time when a record waited in the spool. */
  readonly receivedAt: number;
  /** Who says so: `webhook`, `rest`, `import`, `planner`, `dispatcher`, `operator`, `control` … An open list. */
  readonly source: string;
}

/** Source of what was read because a person asked for a shop's history. */
export const IMPORT_SOURCE = 'import';

/** A live read is later than what it shows by minutes; by this much, in ms, only after an outage. */
const LIVE_WITHIN_MS = 3_600_000;

/**
 * An import brought it, long after it qualified for anything: history, which is never sent. What qualified within the hour the import
 * only saw first, because live reads go before an import. `qualifiedAt`: epoch ms.
 */
export const isImportedHistory = ({ source, receivedAt }: Pick<Envelope, 'source' | 'receivedAt'>, qualifiedAt: number): boolean =>
  source === IMPORT_SOURCE && qualifiedAt < receivedAt - LIVE_WITHIN_MS;
