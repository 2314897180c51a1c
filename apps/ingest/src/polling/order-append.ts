import type { Alerts } from '@tributary/domain';
import { RecordRefused } from '@tributary/kafka';
import { judge, ordersOf, seenInOrder, type Judged, type Judgement, type SeenOrder, type UnreadableOrder } from '@tributary/sources';
import type { FactAppender, KnownHeads, PollLease, Sightings } from '@tributary/stream';
import type { FreshHeads } from './fresh-heads.js';
import { headOfGone, headOfSeen, observedFact, rejectedFact, vanishedFact, type ReadSource } from './poll.facts.js';

export interface OrderAppendPorts {
  readonly heads: KnownHeads;
  readonly fresh: FreshHeads;
  readonly appender: FactAppender;
  readonly sightings: Pick<Sightings, 'note'>;
  readonly alerts: Alerts;
}

/** What an answer of a shop brought. */
export interface ReadOfShop extends Judged {
  readonly unreadable: readonly UnreadableOrder[];
}

/** Compares what was read of a shop with the heads, and makes durable what is news. */
export class OrderAppend {
  constructor(private readonly ports: OrderAppendPorts) {}

  /** Resolves when everything that is news is durable. `receivedAt`: our clock, epoch ms. */
  async append(lease: PollLease, read: ReadOfShop, receivedAt: number, source: ReadSource): Promise<Judgement> {
    const { heads, fresh, appender } = this.ports;
    const orderIds = ordersOf(read);
    const judgement = judge(read, fresh.over(lease, await heads.find(lease, orderIds), orderIds), receivedAt);
    await Promise.all([
      ...judgement.publish.map((order) => this.publish(lease, order, receivedAt, source)),
      ...judgement.vanished.map((gone) => appender.append(vanishedFact(lease, gone, receivedAt))),
      ...read.unreadable.map((row) => appender.append(rejectedFact(lease, row, receivedAt))),
    ]);
    for (const order of judgement.publish) {
      fresh.note(lease, headOfSeen(order, receivedAt));
      const { content, personal } = order.fact;
      for (const seen of seenInOrder(content, personal)) this.ports.sightings.note(lease, seen, content.createdAt);
    }
    for (const gone of judgement.vanished) fresh.note(lease, headOfGone(gone, receivedAt));
    await this.tell(lease, read.unreadable);
    return judgement;
  }

  private async publish(lease: PollLease, order: SeenOrder, receivedAt: number, source: ReadSource): Promise<void> {
    const { appender } = this.ports;
    try {
      await appender.append(observedFact(lease, order, receivedAt, source));
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error;
      const detail = 'as a record it is larger than the log takes';
      const refusal = { kind: 'refused', reason: 'body-too-large', detail, orderId: order.fact.content.orderId } as const;
      await appender.append(rejectedFact(lease, { refusal, row: order.row }, receivedAt));
    }
  }

  private async tell({ tenantId, connectionId }: PollLease, [first]: readonly UnreadableOrder[]): Promise<void> {
    if (first === undefined) return;
    await this.ports.alerts.open({
      tenantId,
      connectionId,
      kind: 'order-unreadable',
      what: `An order that the shop showed could not be read (${first.refusal.reason}: ${first.refusal.detail}).`,
      todo: 'See it with `tributary rejected list <tenant>`. A plugin may have changed the order’s format.',
    });
  }
}
