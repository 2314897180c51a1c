import { holdDelivery, isPerhapsTaken, ledgerKey, statusOf, type Destination, type LedgerEntry, type Moment } from '@tributary/domain';
import type { Move } from './dispatch/dispatch.port.js';
import type { LedgerStore } from './ledger.store.js';
import type { OrdersStore } from './orders.store.js';
import type { OutboxPublisher } from './outbox/outbox-publisher.js';

const AT_ONCE = 200;

/**
 * Effects that wait (parked, throttled, of a connection that is not connected) are withdrawn when their order is, not only in their
 * turn, which may never come. The dispatcher may have one in hand: whoever commits the next version of its key first has decided.
 */
export class Withdrawals<Settings, Secrets> {
  private after = '';

  constructor(
    private readonly destination: Pick<Destination<Settings, Secrets>, 'withdrawnBy'>,
    private readonly ledger: LedgerStore,
    private readonly orders: OrdersStore,
    private readonly publisher: Pick<OutboxPublisher, 'publish'>,
    private readonly moment: () => Moment,
  ) {}

  /** Looks at the next of them, the first again after the last. */
  async run(): Promise<void> {
    if (this.destination.withdrawnBy === undefined) return;
    const waiting = await this.ledger.findWaiting(this.after, AT_ONCE);
    const last = waiting.at(-1);
    this.after = last === undefined || waiting.length < AT_ONCE ? '' : ledgerKey(last.key);
    void this.publisher.publish(await this.ledger.commit(await this.withdrawn(waiting)));
  }

  private async withdrawn(entries: readonly LedgerEntry[]): Promise<Move[]> {
    const refs = entries.map(({ key }) => ({ tenantId: key.tenantId, connectionId: key.sourceConnectionId, orderId: key.reference }));
    const orders = await this.orders.find(refs);
    const statuses = new Map(orders.map(({ state }) => [`${state.tenantId}:${state.connectionId}:${state.orderId}`, statusOf(state)]));
    return entries.flatMap((entry): Move[] => {
      const { tenantId, sourceConnectionId, reference } = entry.key;
      const status = statuses.get(`${tenantId}:${sourceConnectionId}:${reference}`);
      const reason = status === undefined ? null : (this.destination.withdrawnBy?.(status) ?? null);
      if (reason === null || isPerhapsTaken(entry)) return [];
      return [{ change: holdDelivery(entry, { kind: 'withdraw', reason }, false, this.moment()), queue: { kind: 'leave-queue' } }];
    });
  }
}
