import type { Json } from '../json/json.ts';
import type { Catalog } from './catalog.ts';
import type { Ground } from './ground.ts';
import type { Address, BillingAddress, Meta, OrderLine, OrderRecord } from './order-records.ts';
import { addressOf, billingOf } from './people.ts';
import { isDraft } from './site.ts';

export interface LineInput {
  /** A product of the catalog; its variation where it has some. */
  readonly productId: number;
  readonly variationId?: number;
  readonly quantity?: number;
  /** Ex-tax, after discounts, of the whole line; default: price × quantity. */
  readonly total?: number;
  readonly meta?: Readonly<Record<string, Json>>;
}

export interface OrderInput {
  /** Without `wc-`; default: what payment makes of it, else pending. */
  readonly status?: string;
  /** As `set_paid` of REST. */
  readonly isPaid?: boolean;
  readonly billing?: Partial<BillingAddress>;
  readonly shipping?: Partial<Address>;
  /** 0: a guest. */
  readonly customerId?: number;
  readonly parentId?: number;
  readonly currency?: string;
  readonly paymentMethod?: string;
  readonly paymentMethodTitle?: string;
  readonly transactionId?: string;
  readonly createdVia?: string;
  readonly customerNote?: string;
  readonly ipAddress?: string;
  readonly userAgent?: string;
  readonly number?: string;
  readonly meta?: Readonly<Record<string, Json>>;
  readonly lines?: readonly LineInput[];
  readonly shippingLines?: readonly { readonly title: string; readonly total: number }[];
  readonly feeLines?: readonly { readonly name: string; readonly total: number }[];
  readonly couponLines?: readonly { readonly code: string; readonly discount: number }[];
  /** Epoch ms; default: now. An importer sets the past. */
  readonly createdAt?: number;
  readonly modifiedAt?: number;
}

export function metaOf(ground: Ground, values: Readonly<Record<string, Json>>): readonly Meta[] {
  return Object.entries(values)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => ({ id: ground.nextId('meta'), key, value: storedValue(value) }));
}

/** What comes back of a meta value: numbers and booleans as text, arrays and objects as they are. */
export function storedValue(value: Json): Json {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '';
  return value;
}

export function lineOf(ground: Ground, catalog: Catalog, input: LineInput): OrderLine {
  const { productId, variationId = 0, quantity = 1 } = input;
  const product = catalog.get(variationId === 0 ? productId : variationId);
  const subtotal = product.price * quantity;
  const attributes = Object.fromEntries(product.attributes.map(({ name, option }) => [name.toLowerCase(), option]));
  return {
    id: ground.nextId('item'),
    name: product.name,
    productId,
    variationId,
    quantity,
    subtotal: Math.max(subtotal, input.total ?? subtotal),
    total: input.total ?? subtotal,
    meta: metaOf(ground, { ...attributes, ...input.meta }),
  };
}

/** True where something has to be shipped or made: not for what is virtual and downloadable, nor for products that are gone. */
export const needsProcessing = (catalog: Catalog, lines: readonly OrderLine[]): boolean =>
  lines.some(({ productId, variationId }) => {
    const product = catalog.find(variationId === 0 ? productId : variationId);
    return product !== undefined && !(product.isVirtual && product.isDownloadable);
  });

/** Where an order goes when its payment is complete; cash on delivery is done. */
const statusOncePaid = (catalog: Catalog, order: Pick<OrderRecord, 'lines' | 'paymentMethod'>): string =>
  order.paymentMethod !== 'cod' && needsProcessing(catalog, order.lines) ? 'processing' : 'completed';

/** Moves to a status with the dates that go with it: paid once, completed every time. */
export function inStatus(order: OrderRecord, status: string, nowSeconds: number, catalog: Catalog): OrderRecord {
  if (order.status === status) return order;
  const oncePaid = statusOncePaid(catalog, order);
  const isLate = oncePaid === 'processing' && status === 'completed';
  const paidNow = status === oncePaid ? nowSeconds : isLate ? order.createdAt : null;
  return { ...order, status, paidAt: order.paidAt ?? paidNow, completedAt: status === 'completed' ? nowSeconds : order.completedAt };
}

function itemsOf(ground: Ground, catalog: Catalog, input: OrderInput) {
  return {
    lines: (input.lines ?? []).map((line) => lineOf(ground, catalog, line)),
    shippingLines: (input.shippingLines ?? []).map((line) => ({ id: ground.nextId('item'), ...line })),
    feeLines: (input.feeLines ?? []).map((line) => ({ id: ground.nextId('item'), ...line })),
    couponLines: (input.couponLines ?? []).map((line) => ({ id: ground.nextId('item'), ...line, code: line.code.toLowerCase() })),
    taxLineId: ground.site.taxPercent === 0 ? 0 : ground.nextId('item'),
  };
}

/** An order as it is written for the first time. */
export function newOrder(ground: Ground, catalog: Catalog, input: OrderInput): OrderRecord {
  const now = ground.clock.nowSeconds();
  const createdAt = input.createdAt === undefined ? now : Math.floor(input.createdAt / 1_000);
  const id = ground.nextId('post');
  const blank: OrderRecord = {
    id,
    parentId: input.parentId ?? 0,
    status: 'pending',
    currency: input.currency ?? ground.site.currency,
    createdAt,
    modifiedAt: input.modifiedAt === undefined ? now : Math.floor(input.modifiedAt / 1_000),
    paidAt: null,
    completedAt: null,
    customerId: input.customerId ?? 0,
    orderKey: `wc_order_${ground.chance.text(13)}`,
    number: input.number ?? String(id),
    billing: billingOf(input.billing),
    shipping: addressOf(input.shipping),
    paymentMethod: input.paymentMethod ?? 'bacs',
    paymentMethodTitle: input.paymentMethodTitle ?? '',
    transactionId: input.transactionId ?? '',
    createdVia: input.createdVia ?? 'checkout',
    customerNote: input.customerNote ?? '',
    ipAddress: input.ipAddress ?? '',
    userAgent: input.userAgent ?? '',
    cartHash: '',
    taxPercent: ground.site.taxPercent,
    meta: metaOf(ground, input.meta ?? {}),
    refunds: [],
    ...itemsOf(ground, catalog, input),
  };
  const status = input.status ?? (input.isPaid === true ? statusOncePaid(catalog, blank) : 'pending');
  const order = isDraft(status) ? { ...blank, status } : inStatus(blank, status, createdAt, catalog);
  return input.isPaid === true ? { ...order, paidAt: order.paidAt ?? createdAt } : order;
}
