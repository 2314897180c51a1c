import {
  holdDelivery,
  isPerhapsTaken,
  ledgerKey,
  orderKey,
  statusOf,
  type Destination,
  type LedgerEntry,
  type Moment,
  type OrderKeyParts,
} from '@tributary/domain';
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
    const orders = await this.orders.find(entries.map(orderOf));
    const statuses = new Map(orders.map(({ state }) => [orderKey(state), statusOf(state)]));
    return entries.flatMap((entry): Move[] => {
      const status = statuses.get(orderKey(orderOf(entry)));
      const reason = status === undefined ? null : (this.destination.withdrawnBy?.(status) ?? null);
      if (reason === null || isPerhapsTaken(entry)) return [];
      return [{ change: holdDelivery(entry, { kind: 'withdraw', reason }, false, this.moment()), queue: { kind: 'leave-queue' } }];
    });
  }
}

const orderOf = ({ key }: LedgerEntry): OrderKeyParts => ({
  tenantId: key.tenantId,
  connectionId: key.sourceConnectionId,
  orderId: key.reference,
});
