import fc from 'fast-check';
import type { WoocommerceShop } from '../simulators/woocommerce/woocommerce-shop.ts';

const DAY_MS = 86_400_000;

/** What somebody does to a shop. `pick` chooses one of the orders that are there. */
export type Action =
  | { readonly kind: 'create'; readonly count: number; readonly status: string }
  | { readonly kind: 'checkout'; readonly commitsAfterMs: number }
  | { readonly kind: 'import'; readonly daysOld: number; readonly count: number }
  | { readonly kind: 'status'; readonly pick: number; readonly status: string }
  | { readonly kind: 'bulk-status'; readonly status: string }
  | { readonly kind: 'address'; readonly pick: number; readonly city: string }
  | { readonly kind: 'save-unchanged'; readonly pick: number }
  | { readonly kind: 'item-only'; readonly pick: number; readonly quantity: number }
  | { readonly kind: 'refund'; readonly pick: number }
  | { readonly kind: 'delete-refund'; readonly pick: number }
  | { readonly kind: 'trash'; readonly pick: number }
  | { readonly kind: 'untrash'; readonly pick: number }
  | { readonly kind: 'delete'; readonly pick: number }
  | { readonly kind: 'empty-trash' }
  | { readonly kind: 'import-over'; readonly pick: number; readonly hoursBack: number }
  | { readonly kind: 'sql'; readonly pick: number; readonly note: string }
  | { readonly kind: 'sql-revert'; readonly pick: number }
  | { readonly kind: 'back-up' }
  | { readonly kind: 'restore' };

export interface Event {
  readonly afterMs: number;
  readonly action: Action;
}

const STATUSES = ['pending', 'processing', 'on-hold', 'completed', 'cancelled', 'failed'];
const status = fc.constantFrom(...STATUSES);
const pick = fc.nat(1_000);

/** Every modification date moves, forward: what a look for changes alone must see. */
export const visibleAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('create' as const), count: fc.integer({ min: 1, max: 6 }), status }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('checkout' as const), commitsAfterMs: fc.integer({ min: 0, max: 110_000 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('status' as const), pick, status }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bulk-status' as const), status }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('address' as const), pick, city: fc.constantFrom('Arica', 'Iquique', 'Temuco') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('save-unchanged' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('trash' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('untrash' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refund' as const), pick }) },
);

/** What webhooks alone say in full: they report a deletion only by its id. */
export const announcedAction = visibleAction.filter(({ kind }) => !['trash', 'untrash', 'checkout', 'refund'].includes(kind));

const hiddenAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('import' as const),
      daysOld: fc.integer({ min: 0, max: 900 }),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('item-only' as const), pick, quantity: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete-refund' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('empty-trash' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('import-over' as const), pick, hoursBack: fc.integer({ min: 0, max: 4_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sql' as const), pick, note: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sql-revert' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('back-up' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const) }) },
);

export const anyAction: fc.Arbitrary<Action> = fc.oneof({ weight: 3, arbitrary: visibleAction }, { weight: 2, arbitrary: hiddenAction });

/** Mostly within one second or a few; now and then hours later. */
const gap = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: 0, max: 900 }) },
  { weight: 8, arbitrary: fc.integer({ min: 1_000, max: 40_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 3_600_000 }) },
);

export const historyOf = (action: fc.Arbitrary<Action>, maxLength: number): fc.Arbitrary<Event[]> =>
  fc.array(fc.record({ afterMs: gap, action }), { minLength: 1, maxLength, size: 'max' });

/** Somebody who does what a history says. */
export class Hands {
  private readonly product: number;
  private readonly restored = new Map<number, ReturnType<WoocommerceShop['orders']['get']>>();
  private putBack: () => void = () => undefined;

  constructor(
    private readonly shop: WoocommerceShop,
    private readonly now: () => number,
    private readonly later: (ms: number, happen: () => void) => void,
  ) {
    this.product = shop.catalog.add({ name: 'Mug', price: 1_000 }).id;
  }

  do(action: Action): void {
    const { shop } = this;
    const order = 'pick' in action ? this.picked(action.pick) : null;
    switch (action.kind) {
      case 'create':
        for (let made = 0; made < action.count; made += 1) this.create(action.status);
        return;
      case 'checkout': {
        const commit = shop.slowly(() => this.create('processing'));
        this.later(action.commitsAfterMs, commit);
        return;
      }
      case 'import': {
        const at = this.now() - action.daysOld * DAY_MS;
        for (let made = 0; made < action.count; made += 1) this.create('completed', { createdAt: at, modifiedAt: at });
        return;
      }
      case 'bulk-status':
        shop.orders.bulkSetStatus(
          [...shop.orders.all()].filter(({ status }) => status !== 'trash').map(({ id }) => id),
          action.status,
        );
        return;
      case 'empty-trash':
        shop.orders.emptyTrash(0);
        return;
      case 'back-up': {
        const records = shop.snapshot();
        this.putBack = () => shop.restore(records);
        return;
      }
      case 'restore':
        this.putBack();
        return;
      default:
        if (order !== null) this.change(order, action);
    }
  }

  private create(status: string, times: { createdAt?: number; modifiedAt?: number } = {}): void {
    this.shop.orders.create({
      status,
      lines: [{ productId: this.product, quantity: 1 + (Math.floor(this.now() / 1_000) % 3) }],
      billing: { first_name: 'Ada', city: 'Lota', email: 'ada@example.com', country: 'CL' },
      ...times,
    });
  }

  private picked(pick: number): number | null {
    const ids = [...this.shop.orders.all()].map(({ id }) => id);
    return ids[pick % Math.max(1, ids.length)] ?? null;
  }

  private change(id: number, action: Action): void {
    const { orders } = this.shop;
    const order = orders.get(id);
    const [line] = order.lines;
    switch (action.kind) {
      case 'status':
        if (order.status !== 'trash') orders.setStatus(id, action.status);
        return;
      case 'address':
        return orders.editAddress(id, { billing: { city: action.city } });
      case 'save-unchanged':
        return orders.saveUnchanged(id);
      case 'item-only':
        if (line !== undefined) orders.saveLineOnly(id, line.id, { quantity: action.quantity, total: action.quantity * 1_000 });
        return;
      case 'refund':
        if (order.refunds.length < 3 && order.status !== 'trash') orders.addRefund(id, { amount: 100 });
        return;
      case 'delete-refund': {
        const [refund] = order.refunds;
        if (refund !== undefined) orders.deleteRefund(id, refund.id);
        return;
      }
      case 'trash':
        return orders.trash(id);
      case 'untrash':
        return orders.untrash(id);
      case 'delete':
        return orders.forceDelete(id);
      case 'import-over':
        return orders.importModified(id, this.now() - action.hoursBack * 3_600_000, { customerNote: `imported ${action.hoursBack}` });
      case 'sql':
        if (!this.restored.has(id)) this.restored.set(id, order);
        return orders.sqlEdit(id, { customerNote: action.note });
      case 'sql-revert': {
        const before = this.restored.get(id);
        if (before !== undefined) orders.sqlEdit(id, { customerNote: before.customerNote });
        return;
      }
      default:
        throw new Error(`no hand for ${action.kind}`);
    }
  }
}
