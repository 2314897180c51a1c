import {
  normalisePhone,
  shippingWeightKg,
  sumDecimals,
  multiplyDecimals,
  toJsonNumber,
  type DecimalText,
  type DeliveryIntent,
  type HoldBack,
  type PersonalAddress,
  type PlannedLine,
  type ReasonCode,
  type VendorRequest,
} from '@tributary/domain';
import { isOneOf, regionName } from './chile.js';
import {
  TRACKINGTECH_BASE_URL,
  type TrackingtechOrder,
  type TrackingtechSecrets,
  type TrackingtechSettings,
} from './trackingtech.schema.js';

const WEIGHT_DECIMALS = 6;

/** Statuses from which nothing is shipped any more. */
const GONE: ReadonlyMap<string, ReasonCode> = new Map([
  ['cancelled', 'order-cancelled'],
  ['failed', 'order-cancelled'],
  ['trash', 'order-cancelled'],
  ['vanished', 'order-cancelled'],
  ['refunded', 'order-refunded'],
]);

/** Why nothing is shipped of an order in this status; null while it may be. */
export const goneBy = (orderStatus: string): ReasonCode | null => GONE.get(orderStatus) ?? null;

/** What must be known before a courier order leaves: the order still stands, there is something to ship, and a place to ship it to. */
export function holdShipment(intent: DeliveryIntent, settings: TrackingtechSettings): HoldBack | null {
  const gone = goneBy(intent.orderStatus);
  if (gone !== null) return { kind: 'withdraw', reason: gone };
  if (intent.plan.lines.every((line) => isUnshipped(line, intent))) return { kind: 'suppress', reason: 'nothing-to-ship' };
  const to = destinationOf(intent);
  if (to === null) return { kind: 'suppress', reason: 'person-erased' };
  if (to.address1 === '' || to.city === '' || to.country === '') return { kind: 'suppress', reason: 'address-incomplete' };
  if (!settings.countries.includes(to.country)) return { kind: 'suppress', reason: 'country-excluded' };
  const isElsewhere =
    (settings.regions !== null && !isOneOf(to.state, settings.regions)) ||
    (settings.comunas !== null && !isOneOf(to.city, settings.comunas));
  return isElsewhere ? { kind: 'suppress', reason: 'area-excluded' } : null;
}

/**
 * One courier order: what was planned, to the address as it is now, with the weights that the catalog has.
 * @see docs/trackingtech-contract.md
 */
export function shipmentRequest(
  intents: readonly DeliveryIntent[],
  settings: TrackingtechSettings,
  secrets: TrackingtechSecrets,
  baseUrl: string,
): VendorRequest {
  const [intent, ...more] = intents;
  if (intent === undefined || more.length > 0) throw new RangeError('a request holds exactly one courier order');
  return {
    method: 'POST',
    url: courierUrl(settings, baseUrl, settings.paths.submitOrder),
    headers: { ...courierHeaders(secrets), 'Content-Type': 'application/json', 'Idempotency-Key': intent.plan.vendorEventId },
    body: JSON.stringify(orderOf(intent, settings)),
  };
}

/** The address of one call; the connection's own base address comes before the installation's. */
export const courierUrl = (settings: Pick<TrackingtechSettings, 'baseUrl'>, baseUrl: string, path: string): string =>
  `${(settings.baseUrl ?? (baseUrl || TRACKINGTECH_BASE_URL)).replace(/\/+$/, '')}${path}`;

export const courierHeaders = ({ token }: TrackingtechSecrets): Readonly<Record<string, string>> => ({
  Accept: 'application/json',
  ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
});

/** `JSON.stringify` drops what is undefined. */
function orderOf(intent: DeliveryIntent, settings: TrackingtechSettings): TrackingtechOrder {
  const to = destinationOf(intent);
  const billing = intent.personal?.billing;
  const lines = intent.plan.lines.filter((line) => !isUnshipped(line, intent)).map((line) => ({ line, weight: weightOf(line, intent) }));
  const lineWeights = lines.map(({ line, weight }) => (weight === null ? null : times(weight, line.quantity)));
  const known = lineWeights.filter((weight) => weight !== null);
  return {
    order_id: intent.reference,
    order_number: intent.orderNumber === '' ? intent.reference : intent.orderNumber,
    customer_id: settings.customerId ?? '',
    store_id: settings.storeId ?? '',
    lines: lines.map(({ line, weight }, index) => ({
      name: line.name,
      sku: filled(line.contentId),
      quantity: line.quantity,
      price: toJsonNumber(line.unitPrice),
      weight: inJson(weight),
      total_weight: inJson(lineWeights[index] ?? null),
    })),
    currency: intent.plan.currency ?? '',
    total_weight: known.length === lines.length && known.length > 0 ? toJsonNumber(sumDecimals(known)) : undefined,
    shipping: {
      name: `${to?.firstName ?? ''} ${to?.lastName ?? ''}`.trim() || (to?.company ?? ''),
      company: filled(to?.company),
      address_1: to?.address1 ?? '',
      address_2: filled(to?.address2),
      city: to?.city ?? '',
      state: filled(regionName(to?.state ?? '')),
      postcode: filled(to?.postcode),
      country: to?.country ?? '',
    },
    email: filled(billing?.email),
    phone: phoneOf(billing, to, intent),
    note: filled(intent.personal?.customerNote),
  };
}

/** Where it goes, trimmed; a comuna that stands in the place of the region is the comuna. Null when nobody knows any more. */
function destinationOf({ personal, source }: DeliveryIntent): PersonalAddress | null {
  if (personal === null) return null;
  const { shipping, billing } = personal;
  const isShipping = shipping.address1.trim() !== '' || shipping.city.trim() !== '';
  const trimmed = trimmedFields(isShipping ? shipping : billing);
  const hasName = `${trimmed.firstName}${trimmed.lastName}` !== '';
  const isCodeOfRegion = regionName(trimmed.state) !== trimmed.state;
  const comunaIsState = trimmed.city === '' && !isCodeOfRegion;
  return {
    ...trimmed,
    firstName: hasName ? trimmed.firstName : billing.firstName.trim(),
    lastName: hasName ? trimmed.lastName : billing.lastName.trim(),
    city: comunaIsState ? trimmed.state : trimmed.city,
    state: comunaIsState ? '' : trimmed.state,
    country: (trimmed.country || billing.country.trim() || (source.country ?? '')).toUpperCase(),
  };
}

function trimmedFields(address: PersonalAddress): PersonalAddress {
  const fields = Object.keys(address) as (keyof PersonalAddress)[];
  return Object.fromEntries(fields.map((field) => [field, address[field].trim()])) as Record<keyof PersonalAddress, string>;
}

const filled = (text: string | undefined): string | undefined => text?.trim() || undefined;

/** In E.164 where it is a number, else as it was typed; the shipping address may have one of its own. */
function phoneOf(billing: PersonalAddress | undefined, to: PersonalAddress | null, { tenant }: DeliveryIntent): string | undefined {
  const typed = filled(billing?.phone) ?? filled(to?.phone);
  if (typed === undefined) return undefined;
  const phone = normalisePhone(typed, [billing?.country ?? null, to?.country ?? null, tenant.defaultCountry]);
  return phone?.kind === 'clear' ? phone.value : typed;
}

type Products = Pick<DeliveryIntent, 'products'>;

const soldAs = ({ productId, variationId }: PlannedLine, { products }: Products) => {
  const parent = products.get(productId ?? '0');
  return { product: products.get(variationId ?? '0') ?? parent, parent };
};

/** Virtual or downloadable: nothing that a courier carries. What the catalog does not know is taken for a thing. */
function isUnshipped(line: PlannedLine, intent: Products): boolean {
  const { product } = soldAs(line, intent);
  return product !== undefined && (product.isVirtual || product.isDownloadable);
}

/** Of one piece. */
function weightOf(line: PlannedLine, intent: Products): DecimalText | null {
  const { product, parent } = soldAs(line, intent);
  return shippingWeightKg(product, parent);
}

const times = (weight: DecimalText, pieces: number): DecimalText => multiplyDecimals(weight, String(pieces), WEIGHT_DECIMALS);

const inJson = (weight: DecimalText | null): number | undefined => (weight === null ? undefined : toJsonNumber(weight));
