import { decodeOrderPersonal, ORDER_EVENTS_TOPIC, type SchemaBook } from '@tributary/codecs';
import {
  ledgerKey,
  orderKey,
  productIdsOf,
  statusOf,
  UNKNOWN_BUYER,
  type BuyerBackground,
  type ConnectionId,
  type KnownEffect,
  type LedgerEntry,
  type LedgerKeyParts,
  type OrderObserved,
  type OrderPersonal,
  type ProductContent,
  type TenantId,
} from '@tributary/domain';
import type { Vault } from '@tributary/vault';
import type { ConnectionDirectory, WithSources } from './connection-directory.js';
import type { PreparedIntent } from './dispatch/dispatch.port.js';
import type { DecidedOrder, OrdersStore } from './orders.store.js';

/** What an app knows of orders' buyers beyond the orders, by {@link orderKey}; absent: nothing. */
export interface BuyerBackgrounds {
  of(orders: readonly OrderObserved[]): Promise<ReadonlyMap<string, BuyerBackground>>;
}

const WHOLE_ORDER = '0';
/** Shops write whole seconds: what a browser did within the second of the order came before it. */
const WITHIN_THE_SECOND_MS = 999;

/** What a bump waits for; `sent` for a whole order, which waits for nothing. */
function baseOf(key: LedgerKeyParts, effects: readonly KnownEffect[]): 'sent' | 'not-sent' | 'open' {
  if (key.revision === WHOLE_ORDER) return 'sent';
  const base = effects.find(
    (effect) =>
      effect.key.revision === WHOLE_ORDER &&
      effect.key.mode === key.mode &&
      effect.key.destinationConnectionId === key.destinationConnectionId,
  );
  switch (base?.state) {
    case 'delivered':
    case 'unconfirmed':
      return 'sent';
    case 'planned':
    case 'attempted':
    case 'transient':
    case 'unknown':
    case 'parked':
      return 'open';
    default:
      return 'not-sent';
  }
}

/** What the catalog has of a shop's products and variations, by id. */
export type FindProducts = (
  shop: { readonly tenantId: TenantId; readonly connectionId: ConnectionId },
  ids: readonly string[],
) => Promise<ReadonlyMap<string, ProductContent>>;

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
    private readonly products: FindProducts | undefined,
    private readonly backgrounds: BuyerBackgrounds | undefined,
  ) {}

  /** Entries whose order is not folded yet, whose shop is unknown, or which wait behind another are absent. */
  async of(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, PreparedIntent>> {
    const found = await this.orders.findDecided(
      entries.map(({ key }) => ({ tenantId: key.tenantId, connectionId: key.sourceConnectionId, orderId: key.reference })),
    );
    const orders = new Map(found.map((decided) => [orderKey(decided.ref), decided]));
    const observed = found.map(({ order }) => order?.state.observed ?? null).filter((order) => order !== null);
    const [personal, backgrounds] = await Promise.all([this.openAll(observed), this.backgrounds?.of(observed)]);
    const intents = new Map<string, PreparedIntent>();
    for (const entry of entries) {
      const { tenantId, sourceConnectionId: connectionId, reference: orderId } = entry.key;
      const key = orderKey({ tenantId, connectionId, orderId });
      const intent = await this.intentOf(entry, orders.get(key), personal, backgrounds?.get(key) ?? UNKNOWN_BUYER);
      if (intent !== undefined) intents.set(ledgerKey(entry.key), intent);
    }
    return intents;
  }

  private async intentOf(
    { key, plan }: LedgerEntry,
    decided: DecidedOrder | undefined,
    personal: ReadonlyMap<string, OrderPersonal>,
    background: BuyerBackground,
  ): Promise<PreparedIntent | undefined> {
    const state = decided?.order?.state;
    const observed = state?.observed ?? null;
    const tenant = this.directory.tenant(key.tenantId);
    const source = this.directory.source(key.tenantId, key.sourceConnectionId);
    if (state === undefined || observed === null || tenant === undefined || source === undefined || plan === null) return undefined;
    const base = baseOf(key, decided?.effects ?? []);
    if (base === 'open') return undefined;
    const opened = personal.get(observed.eventId) ?? null;
    return {
      tenant,
      source,
      eventName: key.eventName,
      reference: key.reference,
      revision: key.revision,
      plan,
      orderNumber: observed.orderNumber,
      billingCountry: observed.billingCountry,
      orderedAt: observed.createdAt + WITHIN_THE_SECOND_MS,
      consent: observed.consent,
      personal: opened,
      isRenewal: observed.renewalOf !== null,
      orderStatus: statusOf(state),
      products:
        (await this.products?.({ tenantId: key.tenantId, connectionId: key.sourceConnectionId }, productIdsOf(plan.lines))) ?? new Map(),
      isBaseSent: base === 'sent',
      background,
      sealedUnder: opened === null ? null : observed.sealedUnder,
    };
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
