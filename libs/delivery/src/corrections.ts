import { ledgerKey, replanDelivery, type Destination, type LedgerChange, type LedgerEntry, type Moment } from '@tributary/domain';
import type { ConnectionDirectory, WithSources } from './connection-directory.js';
import type { LedgerStore } from './ledger.store.js';
import type { OrdersStore } from './orders.store.js';
import type { OutboxPublisher } from './outbox/outbox-publisher.js';

const AT_ONCE = 200;
const NOW = { kind: 'due', delayMs: 0, isAlone: false } as const;

/**
 * Effects that were suppressed for something that the shop can put right are decided on once more when their order has changed since.
 * It looks at what is there, not at what happened, so a process that died in between misses nothing.
 */
export class Corrections<Settings extends WithSources, Secrets> {
  private after = '';

  constructor(
    private readonly destination: Destination<Settings, Secrets>,
    private readonly ledger: LedgerStore,
    private readonly orders: OrdersStore,
    private readonly directory: ConnectionDirectory<Settings>,
    private readonly publisher: OutboxPublisher,
    private readonly moment: () => Moment,
  ) {}

  /** Looks at the next of them, the first again after the last. */
  async run(): Promise<void> {
    const { correctable = [] } = this.destination;
    if (correctable.length === 0) return;
    const suppressed = await this.ledger.findSuppressed(correctable, this.after, AT_ONCE);
    const last = suppressed.at(-1);
    this.after = last === undefined || suppressed.length < AT_ONCE ? '' : ledgerKey(last.key);
    const changes = await this.corrected(suppressed);
    void this.publisher.publish(await this.ledger.commit(changes.map((change) => ({ change, queue: NOW }))));
  }

  private async corrected(entries: readonly LedgerEntry[]): Promise<LedgerChange[]> {
    const refs = entries.map(({ key }) => ({ tenantId: key.tenantId, connectionId: key.sourceConnectionId, orderId: key.reference }));
    const stored = await this.orders.find(refs);
    const states = new Map(stored.map(({ state }) => [`${state.tenantId}:${state.connectionId}:${state.orderId}`, state]));
    return entries.flatMap((entry) => {
      const { tenantId, sourceConnectionId, destinationConnectionId, reference } = entry.key;
      const order = states.get(`${tenantId}:${sourceConnectionId}:${reference}`);
      const tenant = this.directory.tenant(tenantId);
      const source = this.directory.source(tenantId, sourceConnectionId);
      const destination = this.directory.destination(tenantId, destinationConnectionId);
      if (order === undefined || tenant === undefined || source === undefined || destination?.isActive !== true) return [];
      if (order.observed?.eventId === decidedOn(entry)) return [];
      const moment = this.moment();
      return this.destination
        .plan(order, tenant, source, destination, moment.nowMs, [])
        .flatMap((decision) => (decision.kind === 'plan' && isOf(decision, entry) ? [replanDelivery(entry, decision.plan, moment)] : []));
    });
  }
}

/** The observation that the newest decision looked at. */
const decidedOn = ({ plan, observationId }: LedgerEntry): string => plan?.observationId ?? observationId;

const isOf = (decision: { readonly eventName: string; readonly revision: string; readonly mode: string }, { key }: LedgerEntry): boolean =>
  decision.eventName === key.eventName && decision.revision === key.revision && decision.mode === key.mode;
