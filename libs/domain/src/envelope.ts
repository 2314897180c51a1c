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
  /** Who says so: `webhook`, `rest`, `planner`, `dispatcher`, `operator`, `control` … An open list. */
  readonly source: string;
}
