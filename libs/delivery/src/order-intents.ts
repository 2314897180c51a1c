import { decodeOrderPersonal, ORDER_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import {
  ledgerKey,
  productIdsOf,
  statusOf,
  type ConnectionId,
  type LedgerEntry,
  type OrderObserved,
  type OrderPersonal,
  type ProductContent,
  type TenantId,
} from '@tributary/domain';
import type { Vault } from '@tributary/vault';
import type { ConnectionDirectory, WithSources } from './connection-directory.js';
import type { PreparedIntent } from './dispatch/dispatch.port.js';
import type { OrdersStore } from './orders.store.js';

/** What the catalog has of a shop's products and variations, by id. */
export type FindProducts = (
  shop: { readonly tenantId: TenantId; readonly connectionId: ConnectionId },
  ids: readonly string[],
) => Promise<ReadonlyMap<string, ProductContent>>;

const NO_PRODUCTS: FindProducts = () => Promise.resolve(new Map());

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
    private readonly products: FindProducts = NO_PRODUCTS,
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
    const orderStatus = new Map(found.map(({ state }) => [`${state.tenantId}:${state.connectionId}:${state.orderId}`, statusOf(state)]));
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
        orderStatus: orderStatus.get(`${tenantId}:${sourceConnectionId}:${reference}`) ?? 'unknown',
        products: await this.products({ tenantId, connectionId: sourceConnectionId }, productIdsOf(entry.plan.lines)),
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
