import type { Json } from '../json/json.ts';
import type { Catalog } from './catalog.ts';
import type { Ground } from './ground.ts';
import { inStatus, lineOf, metaOf, newOrder, storedValue, type LineInput, type OrderInput } from './order-input.ts';
import {
  refundedOf,
  totalOf,
  type Address,
  type BillingAddress,
  type OrderLine,
  type OrderRecord,
  type RefundRecord,
} from './order-records.ts';
import type { People } from './people.ts';
import { isDraft } from './site.ts';

export type LineChange = Partial<Pick<OrderLine, 'quantity' | 'total' | 'subtotal' | 'name'>>;

export interface RefundInput {
  readonly amount: number;
  readonly reason?: string;
  readonly lines?: readonly { readonly lineId: number; readonly quantity: number; readonly total: number }[];
}

interface Effects {
  readonly bumpsModified: boolean;
  readonly firesUpdated: boolean;
}
const SEEN: Effects = { bumpsModified: true, firesUpdated: true };
const UNSEEN: Effects = { bumpsModified: false, firesUpdated: false };

const PAID_STATUSES: ReadonlySet<string> = new Set(['processing', 'completed']);
const TRASHED_FROM = '_wp_trash_meta_status';
const TRASHED_AT = '_wp_trash_meta_time';

const replaced = (lines: readonly OrderLine[], lineId: number, change: (line: OrderLine) => OrderLine): readonly OrderLine[] => {
  if (!lines.some(({ id }) => id === lineId)) throw new Error(`this order has no line ${lineId}`);
  return lines.map((line) => (line.id === lineId ? change(line) : line));
};

/** The orders of a shop, and what each way of changing one does to `date_modified` and to webhooks. */
export class OrderBook {
  readonly #ground: Ground;
  readonly #catalog: Catalog;
  readonly #people: People;
  #orders = new Map<number, OrderRecord>();

  constructor(ground: Ground, catalog: Catalog, people: People) {
    this.#ground = ground;
    this.#catalog = catalog;
    this.#people = people;
  }

  find(id: number): OrderRecord | undefined {
    return this.#orders.get(id);
  }

  get(id: number): OrderRecord {
    const order = this.find(id);
    if (order === undefined) throw new Error(`this shop has no order ${id}`);
    return order;
  }

  all(): Iterable<OrderRecord> {
    return this.#orders.values();
  }

  create(input: OrderInput = {}): OrderRecord {
    const order = newOrder(this.#ground, this.#catalog, input);
    this.#orders.set(order.id, order);
    if (!isDraft(order.status)) this.#announceNew(order);
    return this.get(order.id);
  }

  setStatus(id: number, status: string): void {
    const before = this.get(id);
    const wasDraft = isDraft(before.status);
    const after = inStatus(before, status, this.#ground.clock.nowSeconds(), this.#catalog);
    this.#save(id, after, { bumpsModified: true, firesUpdated: !wasDraft });
    if (before.status === status) return;
    if (wasDraft && !isDraft(status)) return this.#announceNew(after);
    this.#ground.fire(`action.woocommerce_order_status_${status}`, id);
    this.#takeStock(id);
  }

  /** Many orders in one request, hence in one second. */
  bulkSetStatus(ids: readonly number[], status: string): void {
    this.#ground.clock.heldAt(this.#ground.clock.nowMs(), () => {
      for (const id of ids) this.setStatus(id, status);
    });
  }

  /** A save that changes nothing is a change all the same. */
  saveUnchanged(id: number): void {
    this.#save(id, this.get(id), SEEN);
  }

  editAddress(id: number, change: { readonly billing?: Partial<BillingAddress>; readonly shipping?: Partial<Address> }): void {
    const order = this.get(id);
    const billing = { ...order.billing, ...change.billing };
    this.#save(id, { ...order, billing, shipping: { ...order.shipping, ...change.shipping } }, SEEN);
  }

  addLine(id: number, line: LineInput): void {
    const order = this.get(id);
    this.#save(id, { ...order, lines: [...order.lines, lineOf(this.#ground, this.#catalog, line)] }, SEEN);
  }

  /** Through REST or the admin's “save items”. */
  editLine(id: number, lineId: number, change: LineChange): void {
    this.#changeLine(id, lineId, (line) => ({ ...line, ...change }), SEEN);
  }

  /** As plugins do, with `$item->save()` alone. */
  saveLineOnly(id: number, lineId: number, change: LineChange): void {
    this.#changeLine(id, lineId, (line) => ({ ...line, ...change }), UNSEEN);
  }

  /** As plugins do, with `wc_update_order_item_meta`. */
  saveLineMetaOnly(id: number, lineId: number, values: Readonly<Record<string, Json>>): void {
    this.#changeLine(id, lineId, (line) => ({ ...line, meta: [...line.meta, ...metaOf(this.#ground, values)] }), UNSEEN);
  }

  /** `$order->update_meta_data(); $order->save()`. */
  saveMeta(id: number, key: string, value: Json): void {
    this.#save(id, this.#withMeta(id, key, value), SEEN);
  }

  /** `$order->save_meta_data()` alone. */
  saveMetaOnly(id: number, key: string, value: Json): void {
    this.#save(id, this.#withMeta(id, key, value), this.#ground.traits.metaSaveBumpsModified ? SEEN : UNSEEN);
  }

  /** Returns the refund's id; what refunds the rest of an order makes it `refunded`. */
  addRefund(id: number, input: RefundInput): number {
    const refund = this.#newRefund(this.get(id), input);
    const order = { ...this.get(id), refunds: [refund, ...this.get(id).refunds] };
    const isFull = refund.kind.value === 'full';
    const now = this.#ground.clock.nowSeconds();
    this.#save(id, isFull ? inStatus(order, 'refunded', now, this.#catalog) : order, {
      bumpsModified: isFull || this.#ground.traits.refundBumpsModified,
      firesUpdated: true,
    });
    return refund.id;
  }

  deleteRefund(id: number, refundId: number): void {
    const order = this.get(id);
    const refunds = order.refunds.filter((refund) => refund.id !== refundId);
    if (refunds.length === order.refunds.length) throw new Error(`order ${id} has no refund ${refundId}`);
    this.#save(id, { ...order, refunds }, this.#ground.traits.refundDeletionIsSeen ? SEEN : UNSEEN);
  }

  /** Nothing happens to what lies in the trash already. */
  trash(id: number): void {
    const order = this.get(id);
    if (order.status === 'trash') return;
    const time = String(this.#ground.clock.nowSeconds());
    const meta = [...order.meta, ...metaOf(this.#ground, { [TRASHED_FROM]: `wc-${order.status}`, [TRASHED_AT]: time })];
    this.#save(id, { ...order, meta, status: 'trash' }, { bumpsModified: true, firesUpdated: false });
    if (this.#ground.traits.trashFiresForEveryPost) {
      this.#ground.fire('coupon.deleted', id);
      this.#ground.fire('product.deleted', id);
    }
    this.#ground.fire('order.deleted', id);
  }

  untrash(id: number): void {
    const order = this.get(id);
    if (order.status !== 'trash') return;
    const trashedFrom = order.meta.find(({ key }) => key === TRASHED_FROM)?.value;
    if (typeof trashedFrom !== 'string') throw new Error(`order ${id} does not say where it was trashed from`);
    const status = trashedFrom.slice('wc-'.length);
    const meta = order.meta.filter(({ key }) => key !== TRASHED_FROM && key !== TRASHED_AT);
    this.#save(id, { ...order, meta, status }, { bumpsModified: true, firesUpdated: false });
    this.#ground.fire('order.restored', id);
  }

  /** For good, live or trashed, and without a word to anybody. */
  forceDelete(id: number): void {
    this.get(id);
    this.#orders.delete(id);
  }

  /** What WordPress does every day with what was trashed `EMPTY_TRASH_DAYS` ago. */
  emptyTrash(olderThanDays = 30): void {
    const limit = this.#ground.clock.nowSeconds() - olderThanDays * 86_400;
    for (const order of this.#orders.values()) {
      const trashedAt = Number(order.meta.find(({ key }) => key === TRASHED_AT)?.value ?? Number.POSITIVE_INFINITY);
      if (order.status === 'trash' && trashedAt <= limit) this.#orders.delete(order.id);
    }
  }

  /** An importer that writes the date it was given: announced, and it may go backwards. */
  importModified(id: number, modifiedAtMs: number, change: Partial<OrderRecord> = {}): void {
    const imported = { ...this.get(id), ...change, modifiedAt: Math.floor(modifiedAtMs / 1_000) };
    this.#save(id, imported, { bumpsModified: false, firesUpdated: true });
  }

  /** Straight in the database: seen by readers, by nobody else. */
  sqlEdit(id: number, change: Partial<Omit<OrderRecord, 'id'>>): void {
    this.#save(id, { ...this.get(id), ...change }, UNSEEN);
  }

  snapshot(): ReadonlyMap<number, OrderRecord> {
    return new Map(this.#orders);
  }

  restore(orders: ReadonlyMap<number, OrderRecord>): void {
    this.#orders = new Map(orders);
  }

  #save(id: number, order: OrderRecord, { bumpsModified, firesUpdated }: Effects): void {
    this.#orders.set(id, bumpsModified ? { ...order, modifiedAt: this.#ground.clock.nowSeconds() } : { ...order });
    if (firesUpdated && !isDraft(order.status)) this.#ground.fire('order.updated', id);
  }

  #announceNew({ id, status }: OrderRecord): void {
    this.#ground.fire('order.created', id);
    this.#ground.fire('order.updated', id);
    this.#ground.fire(`action.woocommerce_order_status_${status}`, id);
    this.#takeStock(id);
  }

  /** A paid order takes its products from the shelf, once, and makes its customer a paying one. */
  #takeStock(id: number): void {
    const order = this.get(id);
    if (!PAID_STATUSES.has(order.status)) return;
    const lines = order.lines.map((line) => {
      if (line.meta.some(({ key }) => key === '_reduced_stock')) return line;
      const isTaken = this.#catalog.takeFromStock(line.variationId === 0 ? line.productId : line.variationId, line.quantity);
      return isTaken ? { ...line, meta: [...line.meta, ...metaOf(this.#ground, { _reduced_stock: line.quantity })] } : line;
    });
    this.#save(id, { ...order, lines }, UNSEEN);
    this.#people.markPaying(order.customerId);
  }

  #changeLine(id: number, lineId: number, change: (line: OrderLine) => OrderLine, effects: Effects): void {
    const order = this.get(id);
    this.#save(id, { ...order, lines: replaced(order.lines, lineId, change) }, effects);
  }

  #withMeta(id: number, key: string, value: Json): OrderRecord {
    const order = this.get(id);
    const isKnown = order.meta.some((entry) => entry.key === key);
    const changed = order.meta.map((entry) => (entry.key === key ? { ...entry, value: storedValue(value) } : entry));
    return { ...order, meta: isKnown ? changed : [...order.meta, ...metaOf(this.#ground, { [key]: value })] };
  }

  #newRefund(order: OrderRecord, { amount, reason = '', lines = [] }: RefundInput): RefundRecord {
    const open = totalOf(order) - refundedOf(order);
    if (amount > open + 0.005) throw new Error(`order ${order.id}: ${amount} is more than the ${open} that is left to refund`);
    const [kind] = metaOf(this.#ground, { _refund_type: amount >= open - 0.005 ? 'full' : 'partial' });
    return {
      id: this.#ground.nextId('post'),
      createdAt: this.#ground.clock.nowSeconds(),
      amount,
      reason,
      kind: kind!,
      lines: lines.map((line) => ({ ...line, id: this.#ground.nextId('item'), metaId: this.#ground.nextId('meta') })),
    };
  }
}
