import {
  explainDelivery,
  explainFold,
  explainReason,
  explainUndecided,
  ledgerKey,
  matchKeysOf,
  whatWouldChange,
  type LedgerEntry,
} from '@tributary/domain';
import { deliveryItemOf, rejectedOfOrder, type RejectedItem } from '@tributary/stream';
import type { DestinationConnection, LedgerReader, OrderName } from './ledger-reader.js';
import type { FoundOrder, OrderReader } from './order-reader.js';
import type { ReadingPorts } from './reading.ports.js';
import type { ExplainedDelivery, OrderExplanation } from './reading.schema.js';
import { requestsLeftOut, shownRequests, type ShownRequest } from './sealed-requests.js';

type ExplainedDestination = OrderExplanation['destinations'][number];

const NOT_FOLDED: FoundOrder = {
  folded: { status: 'unknown', orderNumber: null, total: null, currency: null, isVanished: false, deletionReportedAt: null, head: null },
  state: null,
};

const rejectionInWords = ({ receivedAt, topic, what, detail }: RejectedItem): string =>
  `A payload (${topic}) that named this order could not be used at ${receivedAt}: ${what}${detail === '' ? '' : ` ${detail}`}`;

function explainedDelivery(
  ledger: LedgerReader,
  entry: LedgerEntry,
  shown: ShownRequest | undefined,
  renewalOf: string | null,
): ExplainedDelivery {
  const { attempts, ...item } = deliveryItemOf(ledger.kind, entry);
  return {
    ...item,
    mode: entry.key.mode,
    attempts: attempts.map((attempt) => ({ ...attempt })),
    settingsVersion: entry.settingsVersion,
    observationId: entry.observationId,
    reasonText: entry.reason === null ? null : explainReason(entry.reason),
    whatWouldChangeIt: whatWouldChange(entry),
    value: entry.plan?.value ?? null,
    currency: entry.plan?.currency ?? null,
    matchKeys: [...matchKeysOf(entry)],
    request: shown?.request ?? null,
    requestNote: shown?.note ?? null,
    words: [...explainDelivery(entry, { destinationKind: ledger.kind, declaration: ledger.declaration, renewalOf })],
  };
}

/** What became of an order and why, from its log, its folds, its ledger entries and the settings in force. */
export class ExplanationReader {
  constructor(
    private readonly ports: ReadingPorts,
    private readonly ledgers: readonly LedgerReader[],
    private readonly orders: OrderReader,
  ) {}

  /** Null when nothing at all is known of the order. Without the log neither observations nor requests are told. */
  async explain(name: OrderName, { withLog }: { readonly withLog: boolean }): Promise<OrderExplanation | null> {
    const [found, rejected] = await Promise.all([this.orders.find(name), rejectedOfOrder(this.ports.sql, name)]);
    if (found === null && rejected.length === 0) return null;
    const known = found ?? NOT_FOLDED;
    const [log, tracking, ...byKind] = await Promise.all([
      found === null || !withLog ? [] : this.orders.log(name),
      this.orders.tracking(name),
      ...this.ledgers.map((ledger) => this.destinationsOf(ledger, name, known, withLog)),
    ]);
    const answer = this.orders.answer(name, known, tracking, log);
    const fold = known.state === null ? [] : [...explainFold(known.state, withLog ? answer.observations.length : null)];
    const destinations = byKind.flat();
    return {
      ...answer,
      fold,
      destinations,
      rejected,
      words: [
        ...answer.observations.map(({ receivedAt, source, whatChanged }) => `${receivedAt} (${source}): ${whatChanged.join('; ')}.`),
        ...fold,
        ...destinations.flatMap(({ connection, destination, undecided, deliveries }) => [
          ...(undecided === null ? [] : [`${connection} (${destination}) ${undecided}.`]),
          ...deliveries.flatMap(({ words }) => words),
        ]),
        ...rejected.map(rejectionInWords),
      ],
    };
  }

  private async destinationsOf(
    ledger: LedgerReader,
    name: OrderName,
    { state }: FoundOrder,
    withLog: boolean,
  ): Promise<ExplainedDestination[]> {
    const [connections, entries, order] = await Promise.all([
      ledger.connections(name.tenantId),
      ledger.entriesOf(name),
      ledger.order(name),
    ]);
    const shown = withLog ? await shownRequests(this.ports, ledger.place, entries) : requestsLeftOut(entries);
    const renewalOf = state?.observed?.renewalOf ?? null;
    return connections.flatMap((connection: DestinationConnection): ExplainedDestination[] => {
      const own = entries.filter(({ key }) => key.destinationConnectionId === connection.connectionId);
      if (own.length === 0 && connection.state === 'disabled') return [];
      return [
        {
          connection: connection.connectionId,
          destination: ledger.kind,
          state: connection.state,
          undecided: own.length > 0 ? null : explainUndecided(ledger.undecided(connection, order, name)),
          deliveries: own.map((entry) => explainedDelivery(ledger, entry, shown.get(ledgerKey(entry.key)), renewalOf)),
        },
      ];
    });
  }
}
