import {
  UNKNOWN_BUYER,
  asConnectionId,
  asTenantId,
  type DeliveryIntent,
  type DestinationContext,
  type OrderObserved,
  type OrderPersonal,
  type OrderState,
  type PersonalAddress,
  type ProductContent,
  type SourceContext,
  type TenantContext,
} from '@tributary/domain';
import { planShipment } from './shipment.plan.js';
import { trackingtechExample, trackingtechSettingsSchema, type TrackingtechSettings } from './trackingtech.schema.js';

export const PAID_AT = Date.parse('2026-11-20T10:00:00Z');

export const tenant: TenantContext = { tenantId: asTenantId('acme'), defaultCountry: 'CL' };

export const source: SourceContext = {
  connectionId: asConnectionId('shop'),
  storeUrl: 'https://shop.example',
  country: 'CL',
  isConsentRequired: false,
};

export const settingsOf = (fields: object = {}): TrackingtechSettings =>
  trackingtechSettingsSchema.parse({ ...trackingtechExample.settings, ...fields });

export const destination = (fields: object = {}): DestinationContext<TrackingtechSettings> => ({
  connectionId: asConnectionId('courier'),
  version: 2,
  activatedAt: 0,
  configuredAt: 0,
  settings: settingsOf(fields),
});

/** A paid order of two mugs and one tea, shipped at a flat rate. */
const observed = (fields: Partial<OrderObserved> = {}): OrderObserved => {
  const line = { variationId: '0', subtotal: '0', subtotalTax: '0', totalTax: '0', upsellMarker: null };
  return {
    type: 'OrderObserved',
    eventId: '01930000-0000-7000-8000-000000000001',
    tenantId: tenant.tenantId,
    connectionId: source.connectionId,
    occurredAt: PAID_AT,
    receivedAt: PAID_AT,
    source: 'webhook',
    asOf: PAID_AT,
    modifiedAt: PAID_AT,
    contentHash: 'aa',
    orderId: '1001',
    orderNumber: 'N-1001',
    status: 'processing',
    createdAt: PAID_AT,
    paidAt: PAID_AT,
    completedAt: null,
    currency: 'CLP',
    total: '25000',
    totalTax: '0',
    shippingTotal: '2990',
    shippingTax: '0',
    discountTotal: '0',
    discountTax: '0',
    pricesIncludeTax: false,
    createdVia: 'checkout',
    paymentMethod: 'card',
    parentId: '0',
    renewalOf: null,
    consent: null,
    billingCountry: 'CL',
    shippingCountry: 'CL',
    lines: [
      { ...line, lineId: '1', productId: '11', sku: 'MUG', name: 'Mug', quantity: '2', total: '20000' },
      { ...line, lineId: '2', productId: '14', variationId: '15', sku: '', name: 'Tea', quantity: '1', total: '5000' },
    ],
    shippingLines: [{ lineId: '4', methodId: 'flat_rate', instanceId: '3', total: '2990', totalTax: '0' }],
    feeLines: [],
    refunds: [],
    subjects: { email: null, phone: null, visitor: null, customer: null },
    personalFields: ['shipping.address1', 'shipping.city', 'shipping.state'],
    sealedUnder: 's-1' as OrderObserved['sealedUnder'],
    sealedPersonal: Buffer.alloc(0),
    ...fields,
  };
};

export const orderState = (fields: Partial<OrderObserved> = {}, state: Partial<OrderState> = {}): OrderState => {
  const observation = observed(fields);
  const { tenantId, connectionId, orderId } = observation;
  return { tenantId, connectionId, orderId, head: null, isVanished: false, observed: observation, deletionReportedAt: null, ...state };
};

const NOBODY: PersonalAddress = {
  firstName: '',
  lastName: '',
  company: '',
  address1: '',
  address2: '',
  city: '',
  state: '',
  postcode: '',
  country: '',
  email: '',
  phone: '',
};

export const address = (fields: Partial<PersonalAddress> = {}): PersonalAddress => ({ ...NOBODY, ...fields });

export const personal = (fields: Partial<OrderPersonal> = {}): OrderPersonal => ({
  billing: address({
    firstName: 'María',
    lastName: 'Pérez',
    address1: 'Av. Siempre Viva 742',
    city: 'Providencia',
    state: 'CL-RM',
    country: 'CL',
    email: 'maria.perez@example.com',
    phone: '9 8765 4321',
  }),
  shipping: address({
    firstName: 'Ana',
    lastName: 'Soto',
    address1: 'Calle Ñuble 12',
    city: 'Viña del Mar',
    state: 'CL-VS',
    country: 'CL',
  }),
  customerId: '',
  customerIp: '',
  customerUserAgent: '',
  visitorId: '',
  ttclid: '',
  ttp: '',
  customerNote: '',
  attribution: {},
  ...fields,
});

export const product = (productId: string, fields: Partial<ProductContent> = {}): readonly [string, ProductContent] => [
  productId,
  {
    productId,
    parentId: '0',
    productType: 'simple',
    status: 'publish',
    name: '',
    sku: '',
    price: '',
    weight: '',
    weightUnit: 'g',
    isVirtual: false,
    isDownloadable: false,
    createdAt: null,
    ...fields,
  },
];

/** The intent of the order's own plan. */
export function intent(fields: Partial<DeliveryIntent> = {}, order: Partial<OrderObserved> = {}): DeliveryIntent {
  const [decision] = planShipment(orderState(order), tenant, source, destination());
  if (decision?.kind !== 'plan') throw new Error('the order of the builder must be planned');
  return {
    tenant,
    source,
    eventName: decision.eventName,
    reference: decision.reference,
    plan: decision.plan,
    orderNumber: 'N-1001',
    billingCountry: 'CL',
    personal: personal(),
    isRenewal: false,
    orderStatus: 'processing',
    products: new Map(),
    orderedAt: Date.parse('2026-11-20T09:59:30Z'),
    consent: null,
    revision: '0',
    isBaseSent: true,
    background: UNKNOWN_BUYER,
    ...fields,
  };
}
