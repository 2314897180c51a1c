import type { Catalog } from '../shop/catalog.ts';
import { writtenDate } from '../shop/clock.ts';
import type { Ground } from '../shop/ground.ts';
import { needsProcessing } from '../shop/order-input.ts';
import { netOf, shippingOf, totalOf, type Meta, type OrderLine, type OrderRecord, type RefundRecord } from '../shop/order-records.ts';
import type { Json, JsonObject } from './json.ts';
import { dateFields, linksOf, linkTo } from './links.ts';

const EDITABLE: ReadonlySet<string> = new Set(['pending', 'on-hold', 'auto-draft']);
const UNPAID: ReadonlySet<string> = new Set(['pending', 'failed']);
const TAX_RATE_ID = 1;
const SYMBOLS: Readonly<Record<string, string>> = {
  CLP: '$',
  USD: '$',
  MXN: '$',
  ARS: '$',
  EUR: '€',
  GBP: '£',
  JPY: '¥',
  BRL: 'R$',
  PEN: 'S/',
};

export const currencySymbol = (currency: string): string => SYMBOLS[currency] ?? currency;

/** How one reader sees the shop: through which address, and with how many decimals. */
export interface View {
  /** Scheme and host. */
  readonly origin: string;
  readonly decimals: number;
}

interface Rendered extends View {
  readonly revision: number;
  readonly json: JsonObject;
}

const money = (amount: number, decimals: number): string => {
  const text = amount.toFixed(decimals);
  return Number(text) === 0 ? (0).toFixed(decimals) : text;
};

const shownMeta = ({ id, key, value }: Meta): JsonObject => ({ id, key, value, display_key: key, display_value: value });

/** Orders and refunds as wc/v3 shows them; the same record is rendered once. */
export class OrderRenderer {
  readonly #ground: Ground;
  readonly #catalog: Catalog;
  readonly #rendered = new WeakMap<OrderRecord, Rendered>();

  constructor(ground: Ground, catalog: Catalog) {
    this.#ground = ground;
    this.#catalog = catalog;
  }

  order(order: OrderRecord, view: View): JsonObject {
    const known = this.#rendered.get(order);
    const revision = this.#catalog.revision;
    if (known?.revision === revision && known.origin === view.origin && known.decimals === view.decimals) return known.json;
    const json = this.#order(order, view);
    this.#rendered.set(order, { ...view, revision, json });
    return json;
  }

  refund(order: OrderRecord, refund: RefundRecord, { origin, decimals }: View): JsonObject {
    const collection = `orders/${order.id}/refunds`;
    const lines = refund.lines.map(({ id, lineId, metaId, quantity, total }) => {
      const sold = order.lines.find((line) => line.id === lineId);
      if (sold === undefined) throw new Error(`order ${order.id} has no line ${lineId} to refund`);
      const meta = [{ id: metaId, key: '_refunded_item_id', value: String(lineId) }];
      return this.#line({ ...sold, id, meta, quantity: -quantity, subtotal: -total, total: -total }, 0, decimals);
    });
    return {
      id: refund.id,
      ...dateFields(this.#ground, 'date_created', refund.createdAt),
      amount: money(refund.amount, decimals),
      reason: refund.reason,
      refunded_by: 1,
      refunded_payment: false,
      meta_data: [{ ...refund.kind }],
      line_items: lines,
      shipping_lines: [],
      tax_lines: [],
      fee_lines: [],
      _links: {
        ...linksOf(this.#ground, origin, collection, refund.id, ['GET', 'DELETE']),
        up: [{ href: linkTo(this.#ground, origin, `orders/${order.id}`) }],
      },
    };
  }

  #order(order: OrderRecord, { origin, decimals }: View): JsonObject {
    const { site } = this.#ground;
    const shown = (amount: number): string => money(amount, decimals);
    const tax = order.taxPercent / 100;
    const net = netOf(order);
    const shipping = shippingOf(order);
    const total = totalOf(order);
    const { phone, ...shippingAddress } = order.shipping;
    const { phone: billingPhone, email, ...billingAddress } = order.billing;
    return {
      id: order.id,
      parent_id: order.parentId,
      status: order.status,
      currency: order.currency,
      version: site.version,
      prices_include_tax: site.pricesIncludeTax,
      date_created: this.#local(order.createdAt),
      date_modified: this.#local(order.modifiedAt),
      discount_total: shown(order.couponLines.reduce((sum, { discount }) => sum + discount, 0)),
      discount_tax: shown(0),
      shipping_total: shown(shipping),
      shipping_tax: shown(shipping * tax),
      cart_tax: shown((net - shipping) * tax),
      total: shown(total),
      total_tax: shown(net * tax),
      customer_id: order.customerId,
      order_key: order.orderKey,
      billing: { ...billingAddress, email, phone: billingPhone },
      shipping: { ...shippingAddress, phone },
      payment_method: order.paymentMethod,
      payment_method_title: order.paymentMethodTitle,
      transaction_id: order.transactionId,
      customer_ip_address: order.ipAddress,
      customer_user_agent: order.userAgent,
      created_via: order.createdVia,
      customer_note: order.customerNote,
      date_completed: this.#local(order.completedAt),
      date_paid: this.#local(order.paidAt),
      cart_hash: order.cartHash,
      number: order.number,
      meta_data: order.meta.map(({ id, key, value }) => ({ id, key, value })),
      ...this.#items(order, decimals),
      refunds: order.refunds.map(({ id, reason, amount }) => ({
        id,
        reason,
        total: shown(-amount),
        ...(this.#ground.traits.refundsHaveTax ? { total_tax: shown(0) } : {}),
      })),
      payment_url: `${origin}/checkout/order-pay/${order.id}/?pay_for_order=true&key=${order.orderKey}`,
      is_editable: EDITABLE.has(order.status),
      needs_payment: UNPAID.has(order.status) && total > 0,
      needs_processing: needsProcessing(this.#catalog, order.lines),
      date_created_gmt: writtenDate(order.createdAt),
      date_modified_gmt: writtenDate(order.modifiedAt),
      date_completed_gmt: order.completedAt === null ? null : writtenDate(order.completedAt),
      date_paid_gmt: order.paidAt === null ? null : writtenDate(order.paidAt),
      currency_symbol: currencySymbol(order.currency),
      _links: this.#orderLinks(order, origin),
    };
  }

  #items(order: OrderRecord, decimals: number): JsonObject {
    const shown = (amount: number): string => money(amount, decimals);
    const tax = order.taxPercent / 100;
    const taxes = (total: number, subtotal: number | null): Json =>
      order.taxPercent === 0
        ? []
        : [{ id: TAX_RATE_ID, total: shown(total * tax), subtotal: subtotal === null ? '' : shown(subtotal * tax) }];
    return {
      line_items: order.lines.map((line) => this.#line(line, order.taxPercent, decimals)),
      tax_lines: order.taxPercent === 0 ? [] : [this.#taxLine(order, decimals)],
      shipping_lines: order.shippingLines.map(({ id, title, total }) => ({
        id,
        method_title: title,
        method_id: 'flat_rate',
        instance_id: '',
        total: shown(total),
        total_tax: shown(total * tax),
        taxes: taxes(total, null),
        tax_status: 'taxable',
        meta_data: [],
      })),
      fee_lines: order.feeLines.map(({ id, name, total }) => ({
        id,
        name,
        tax_class: '',
        tax_status: 'taxable',
        amount: '',
        total: shown(total),
        total_tax: shown(total * tax),
        taxes: taxes(total, null),
        meta_data: [],
      })),
      coupon_lines: order.couponLines.map(({ id, code, discount }) => ({
        id,
        code,
        discount: shown(discount),
        discount_tax: shown(0),
        meta_data: [],
        discount_type: 'percent',
        nominal_amount: 10,
        free_shipping: false,
      })),
    };
  }

  #line(line: OrderLine, taxPercent: number, decimals: number): JsonObject {
    const { traits } = this.#ground;
    const product = this.#catalog.find(line.variationId === 0 ? line.productId : line.variationId);
    const isGone = product === undefined;
    const tax = taxPercent / 100;
    const shown = (amount: number): string => money(amount, decimals);
    const totalTax = shown(line.total * tax);
    const subtotalTax = shown(line.subtotal * tax);
    return {
      id: line.id,
      name: line.name,
      product_id: isGone ? 0 : line.productId,
      variation_id: isGone ? 0 : line.variationId,
      quantity: line.quantity,
      tax_class: '',
      subtotal: shown(line.subtotal),
      subtotal_tax: subtotalTax,
      total: shown(line.total),
      total_tax: totalTax,
      taxes: taxPercent === 0 ? [] : [{ id: TAX_RATE_ID, total: totalTax, subtotal: subtotalTax }],
      meta_data: line.meta.map(shownMeta),
      sku: isGone ? null : product.sku,
      ...(traits.linesHaveGlobalUniqueId ? { global_unique_id: isGone ? null : '' } : {}),
      price: line.quantity === 0 ? 0 : Number((line.total / line.quantity).toFixed(6)),
      ...(traits.linesHaveImage ? { image: { id: isGone || line.variationId !== 0 ? 0 : '', src: '' } } : {}),
      parent_name: isGone || product.parentId === 0 ? null : (this.#catalog.find(product.parentId)?.name ?? null),
    };
  }

  #taxLine(order: OrderRecord, decimals: number): JsonObject {
    const tax = order.taxPercent / 100;
    const shipping = shippingOf(order);
    return {
      id: order.taxLineId,
      rate_code: 'TAX-1',
      rate_id: TAX_RATE_ID,
      label: 'Tax',
      compound: false,
      tax_total: money((netOf(order) - shipping) * tax, decimals),
      shipping_tax_total: money(shipping * tax, decimals),
      rate_percent: order.taxPercent,
      meta_data: [],
    };
  }

  #orderLinks({ id, customerId }: OrderRecord, origin: string): JsonObject {
    const emails = { email_templates: [{ embeddable: true, href: linkTo(this.#ground, origin, `orders/${id}/actions/email_templates`) }] };
    return {
      ...linksOf(this.#ground, origin, 'orders', id),
      ...(this.#ground.traits.linksHaveTargetHints ? emails : {}),
      ...(customerId === 0 ? {} : { customer: [{ href: linkTo(this.#ground, origin, `customers/${customerId}`) }] }),
    };
  }

  #local(seconds: number | null): string | null {
    return seconds === null ? null : writtenDate(seconds + this.#ground.site.utcOffsetMinutes * 60);
  }
}
