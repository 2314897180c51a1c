import { decodeOrderPersonal, ORDER_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import { ledgerKey, type LedgerEntry, type OrderObserved, type OrderPersonal, type TenantId } from '@tributary/domain';
import type { Vault } from '@tributary/vault';
import type { ConnectionDirectory, WithSources } from './connection-directory.js';
import type { PreparedIntent } from './dispatch/dispatch.port.js';
import type { OrdersStore } from './orders.store.js';

/** Loads what a request needs beyond its plan: the order as it is now, its personal part opened, its shop. */
export class OrderIntents<Settings extends WithSources> {
  constructor(
    private readonly orders: OrdersStore,
    private readonly directory: ConnectionDirectory<Settings>,
    private readonly vault: Vault,
    private readonly book: SchemaBook,
    private readonly learn: (framed: Buffer) => Promise<void>,
    /** Personal parts whose key is gone: erased, or lost with a database. */
    private readonly onKeysMissing: (tenantId: TenantId, count: number) => Promise<void>,
  ) {}

  /** Entries whose order is not folded yet, or whose shop is unknown, are absent. */
  async of(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, PreparedIntent>> {
    const found = await this.orders.find(
      entries.map(({ key }) => ({ tenantId: key.tenantId, connectionId: key.sourceConnectionId, orderId: key.reference })),
    );
    const observations = new Map(
      found.flatMap(({ state }) =>
        state.observed === null ? [] : [[`${state.tenantId}:${state.connectionId}:${state.orderId}`, state.observed] as const],
      ),
    );
    const personal = await this.openAll([...observations.values()]);
    const intents = new Map<string, PreparedIntent>();
    for (const entry of entries) {
      const { tenantId, sourceConnectionId, reference } = entry.key;
      const observed = observations.get(`${tenantId}:${sourceConnectionId}:${reference}`);
      const tenant = this.directory.tenant(tenantId);
      const source = this.directory.source(tenantId, sourceConnectionId);
      if (observed === undefined || tenant === undefined || source === undefined || entry.plan === null) continue;
      const opened = personal.get(observed.eventId) ?? null;
      intents.set(ledgerKey(entry.key), {
        tenant,
        source,
        eventName: entry.key.eventName,
        reference,
        plan: entry.plan,
        orderNumber: observed.orderNumber,
        billingCountry: observed.billingCountry,
        personal: opened,
        isRenewal: observed.renewalOf !== null,
        sealedUnder: opened === null ? null : observed.sealedUnder,
      });
    }
    return intents;
  }

  private async openAll(observations: readonly OrderObserved[]): Promise<ReadonlyMap<string, OrderPersonal>> {
    const byTenant = Map.groupBy(observations, ({ tenantId }) => tenantId);
    const opened = new Map<string, OrderPersonal>();
    for (const [tenantId, list] of byTenant) {
      const parts = await this.vault.openMany(
        tenantId,
        list.map((observed) => ({
          subjectId: observed.sealedUnder,
          sealed: observed.sealedPersonal,
          topic: ORDER_EVENTS_TOPIC,
          eventId: observed.eventId,
        })),
      );
      const missing = parts.filter((part) => part === null).length;
      if (missing > 0) await this.onKeysMissing(tenantId, missing);
      for (const [index, part] of parts.entries()) {
        const observed = list[index];
        if (part === null || observed === undefined) continue;
        await this.learn(part);
        opened.set(observed.eventId, decodeOrderPersonal(this.book, part));
      }
    }
    return opened;
  }
}
