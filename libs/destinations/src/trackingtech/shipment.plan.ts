import {
  atLeastZero,
  canonicalDecimal,
  isImportedHistory,
  ledgerKey,
  unitPriceOf,
  type DeliveryMode,
  type DestinationContext,
  type OrderLine,
  type OrderObserved,
  type OrderShippingLine,
  type OrderState,
  type PlanDecision,
  type PlannedLine,
  type ReasonCode,
  type SourceContext,
  type TenantContext,
} from '@tributary/domain';
import type { TrackingtechSettings } from './trackingtech.schema.js';

const EVENT_NAME = 'CourierOrder';
const MODE: DeliveryMode = 'live';

/**
 * Methods by which the buyer comes to the goods: the core's, that of the block checkout, and the usual extension's.
 * @see https://woocommerce.com/document/local-pickup, https://woocommerce.com/document/local-pickup-plus, read 2026-11-21
 */
const PICKUP_METHODS: ReadonlySet<string> = new Set(['local_pickup', 'legacy_local_pickup', 'pickup_location', 'local_pickup_plus']);

/**
 * One courier order per order that reaches a configured status; nothing for any other order. Whatever needs an opened address or the
 * catalog is looked at when it is about to leave ({@link holdShipment}).
 */
export function planShipment(
  order: OrderState,
  _tenant: TenantContext,
  source: SourceContext,
  destination: DestinationContext<TrackingtechSettings>,
): readonly PlanDecision[] {
  const { settings } = destination;
  const observed = order.observed;
  if (observed === null || order.isVanished || !(settings.sources?.includes(order.connectionId) ?? true)) return [];
  if (!settings.statuses.includes(observed.status)) return [];
  const decision = { reference: observed.orderId, eventName: EVENT_NAME, revision: '0', mode: MODE };
  const eventTime = reachedAt(observed);
  const reason = suppressionOf(observed, eventTime, source, destination);
  if (reason !== null) return [{ kind: 'suppress', ...decision, reason, eventTime }];
  const { tenantId, connectionId: sourceConnectionId } = order;
  return [
    {
      kind: 'plan',
      ...decision,
      plan: {
        vendorEventId: ledgerKey({ tenantId, destinationConnectionId: destination.connectionId, sourceConnectionId, ...decision }),
        eventTime,
        observationId: observed.eventId,
        settingsVersion: destination.version,
        value: canonicalDecimal(observed.total),
        currency: observed.currency,
        rate: null,
        rateDate: null,
        contentType: 'product',
        lines: shippedLines(observed),
        matchKeys: [],
      },
    },
  ];
}

/**
 * When the order came to its status: `processing` with the payment (cash on delivery: when it was placed), `completed` when it says so.
 * Of other statuses nobody keeps the moment, so it is the last change.
 */
function reachedAt(order: OrderObserved): number {
  if (order.status === 'completed') return order.completedAt ?? order.modifiedAt;
  return order.status === 'processing' ? (order.paidAt ?? order.createdAt) : order.modifiedAt;
}

function suppressionOf(
  order: OrderObserved,
  eventTime: number,
  source: SourceContext,
  { settings, activatedAt }: DestinationContext<TrackingtechSettings>,
): ReasonCode | null {
  if (eventTime < (settings.sendFrom === null ? activatedAt : Date.parse(settings.sendFrom))) return 'before-go-live';
  if (isImportedHistory(order, eventTime)) return 'imported';
  const { shippingLines } = order;
  if (shippingLines.length > 0 && shippingLines.every(({ methodId }) => PICKUP_METHODS.has(methodId))) return 'local-pickup';
  if (settings.shippingMethods !== null && !shippingLines.some((line) => isWanted(line, settings.shippingMethods ?? [])))
    return 'shipping-method-excluded';
  if (shippedLines(order).length === 0) return 'nothing-to-ship';
  const country = destinationCountry(order, source);
  if (country === null || !isAddressFilled(order.personalFields)) return 'address-incomplete';
  return settings.countries.includes(country) ? null : 'country-excluded';
}

const isWanted = ({ methodId, instanceId }: OrderShippingLine, wanted: readonly string[]): boolean =>
  wanted.some((method) => method === methodId || method === `${methodId}:${instanceId}`);

/** Of the address that it goes to, else of the shop, whose buyers need not name it. */
function destinationCountry(order: OrderObserved, source: SourceContext): string | null {
  const own = shipsToShippingAddress(order.personalFields) ? order.shippingCountry || order.billingCountry : order.billingCountry;
  return own === '' ? source.country : own.toUpperCase();
}

/** A shipping address without street and town is none: then it goes to the billing address. */
const shipsToShippingAddress = (personalFields: readonly string[]): boolean =>
  personalFields.includes('shipping.address1') || personalFields.includes('shipping.city');

/** Street and comuna; some shops write the comuna where others write the region. */
function isAddressFilled(personalFields: readonly string[]): boolean {
  const of = shipsToShippingAddress(personalFields) ? 'shipping' : 'billing';
  const has = (field: string): boolean => personalFields.includes(`${of}.${field}`);
  return has('address1') && (has('city') || has('state'));
}

/** Lines with pieces to ship, frozen with what the courier is told of them; what is virtual only the catalog knows. */
const shippedLines = (order: OrderObserved): readonly PlannedLine[] =>
  order.lines.flatMap((line): PlannedLine[] => {
    const price = unitPriceOf(line.total, line.quantity);
    return price === null ? [] : [{ ...lineIds(line), name: line.name, ...price, unitPrice: atLeastZero(price.unitPrice) }];
  });

const lineIds = ({
  lineId,
  productId,
  variationId,
  sku,
}: OrderLine): Pick<PlannedLine, 'lineId' | 'contentId' | 'productId' | 'variationId'> => ({
  lineId,
  contentId: sku.trim(),
  productId,
  variationId,
});
