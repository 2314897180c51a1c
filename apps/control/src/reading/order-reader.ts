import { decodeOrderEvent, MalformedRecord, ORDER_EVENTS_TOPIC, schemaIdOf } from '@tributary/codecs';
import {
  asConnectionId,
  compareRanks,
  inUtc,
  inUtcOrNull,
  orderKey,
  statusOf,
  viewObservations,
  type LedgerEntry,
  type ObservationRank,
  type OrderEvent,
  type OrderState,
} from '@tributary/domain';
import { findHead, learnSchema, readRecordsOf, statusInUtc, type HeadView } from '@tributary/stream';
import type { LedgerReader, OrderName } from './ledger-reader.js';
import type { ReadingPorts } from './reading.ports.js';
import type { Order } from './reading.schema.js';

export const LOG_TIME_LIMIT_MS = 10_000;

const rankOfHead = ({ asOf, modifiedAt, observedAt, contentHash }: HeadView): ObservationRank | null =>
  asOf === null || modifiedAt === null || observedAt === null || contentHash === null
    ? null
    : { asOf, modifiedAt, observedAt, contentHash };

const isAhead = (a: ObservationRank | null, b: ObservationRank | null): boolean => a !== null && (b === null || compareRanks(a, b) > 0);

type Folded = Omit<Order, 'tenant' | 'connection' | 'orderId' | 'observations' | 'tracking'>;

const headInUtc = (rank: ObservationRank | null): Order['head'] =>
  rank && { asOf: inUtc(rank.asOf), modifiedAt: inUtc(rank.modifiedAt), observedAt: inUtc(rank.observedAt), contentHash: rank.contentHash };

const ofState = (state: OrderState): Folded => ({
  status: statusOf(state),
  orderNumber: state.observed?.orderNumber ?? null,
  total: state.observed?.total ?? null,
  currency: state.observed?.currency ?? null,
  isVanished: state.isVanished,
  deletionReportedAt: inUtcOrNull(state.deletionReportedAt),
  head: headInUtc(state.head),
});

const ofHead = (head: HeadView, state: OrderState | null): Folded => ({
  status: head.status,
  orderNumber: state?.observed?.orderNumber ?? null,
  total: head.total,
  currency: head.currency,
  isVanished: head.isVanished,
  deletionReportedAt: inUtcOrNull(head.deletionReportedAt),
  head: headInUtc(rankOfHead(head)),
});

const trackingIn = (entries: readonly LedgerEntry[]): Order['tracking'] =>
  entries.flatMap(({ key, status }) => {
    const tracked = statusInUtc(status);
    return tracked === null ? [] : [{ connection: key.destinationConnectionId, ...tracked }];
  });

/** An order as far as the folds have it: `state` is the destination app's, which has the whole observation. */
export interface FoundOrder {
  readonly folded: Folded;
  readonly state: OrderState | null;
}

/** Reads orders from the two folds of the order topic, whichever is ahead, and their records from the topic itself. */
export class OrderReader {
  constructor(
    private readonly ports: ReadingPorts,
    private readonly ledgers: readonly LedgerReader[],
  ) {}

  async find(name: OrderName): Promise<FoundOrder | null> {
    const [head, ...stored] = await Promise.all([findHead(this.ports.sql, name), ...this.ledgers.map((ledger) => ledger.order(name))]);
    const state = stored.find((order) => order !== undefined)?.state ?? null;
    if (head !== undefined && (state === null || isAhead(rankOfHead(head), state.head))) return { folded: ofHead(head, state), state };
    return state === null ? null : { folded: ofState(state), state };
  }

  /** The order's records in log order; what cannot be read is left out (it stands among the dead letters). */
  async log(name: OrderName): Promise<readonly OrderEvent[]> {
    const { kafka, registry, book, log } = this.ports;
    const key = orderKey({ ...name, connectionId: asConnectionId(name.connectionId) });
    const records = await readRecordsOf(kafka, { topic: ORDER_EVENTS_TOPIC, keys: [key], timeLimitMs: LOG_TIME_LIMIT_MS }, log);
    const events: OrderEvent[] = [];
    for (const { value } of records.get(key) ?? []) {
      if (value === null) continue;
      try {
        await learnSchema(registry, book, schemaIdOf(value));
        events.push(decodeOrderEvent(book, value));
      } catch (error) {
        if (!(error instanceof MalformedRecord)) throw error;
      }
    }
    return events;
  }

  /** What the destinations' vendors say of the order. */
  async tracking(name: OrderName): Promise<Order['tracking']> {
    const entries = await Promise.all(this.ledgers.map((ledger) => ledger.entriesOf(name)));
    return trackingIn(entries.flat());
  }

  answer(name: OrderName, { folded, state }: FoundOrder, tracking: Order['tracking'], events: readonly OrderEvent[]): Order {
    return {
      tenant: name.tenantId,
      connection: name.connectionId,
      orderId: name.orderId,
      ...folded,
      tracking,
      observations: viewObservations(events, state).map((view) => ({ ...view, whatChanged: [...view.whatChanged] })),
    };
  }
}
