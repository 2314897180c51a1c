import {
  UNKNOWN_BUYER,
  asConnectionId,
  asSubjectId,
  asTenantId,
  type DeliveryIntent,
  type DeliveryPlan,
  type DestinationContext,
  type OrderLine,
  type OrderObserved,
  type OrderPersonal,
  type OrderState,
  type PersonalAddress,
  type SourceContext,
  type TenantContext,
} from '@tributary/domain';
import { tiktokSettingsSchema, type TiktokSettings } from './tiktok.schema.js';

export const PAID_AT = Date.parse('2026-11-20T10:00:00.900Z');
export const NOW = PAID_AT + 60_000;

export const tenant: TenantContext = { tenantId: asTenantId('acme'), defaultCountry: 'CL' };

export const source: SourceContext = {
  connectionId: asConnectionId('shop'),
  storeUrl: 'https://shop.example',
  country: 'CL',
  isConsentRequired: false,
};

/** Settings as a tenants file writes them, read through the schema. */
export const settingsOf = (fields: object = {}): TiktokSettings => tiktokSettingsSchema.parse({ pixelCode: 'PIXEL1', ...fields });

export const destination = (fields: object = {}, activatedAt = PAID_AT - 3_600_000): DestinationContext<TiktokSettings> => ({
  connectionId: asConnectionId('ads'),
  version: 3,
  activatedAt,
  configuredAt: activatedAt,
  settings: settingsOf(fields),
});

export const line = (fields: Partial<OrderLine> = {}): OrderLine => ({
  lineId: '11',
  productId: '14',
  variationId: '15',
  sku: 'MUG-BLUE',
  name: 'Mug',
  quantity: '2',
  subtotal: '40000',
  subtotalTax: '0',
  total: '36000',
  totalTax: '6840',
  upsellMarker: null,
  ...fields,
});

/** A paid guest order, 36,000 of goods, 2,500 shipping, tax 7,315. */
const observed = (fields: Partial<OrderObserved> = {}): OrderObserved => ({
  type: 'OrderObserved',
  eventId: '01930000-0000-7000-8000-000000000001',
  tenantId: tenant.tenantId,
  connectionId: source.connectionId,
  occurredAt: PAID_AT,
  receivedAt: PAID_AT + 5_000,
  source: 'webhook',
  asOf: PAID_AT + 2_000,
  modifiedAt: PAID_AT + 2_000,
  contentHash: 'aa',
  orderId: '1001',
  orderNumber: 'WC-1001-ZZ',
  status: 'processing',
  createdAt: PAID_AT - 30_000,
  paidAt: PAID_AT,
  completedAt: null,
  currency: 'CLP',
  total: '45815',
  totalTax: '7315',
  shippingTotal: '2500',
  shippingTax: '475',
  discountTotal: '4000',
  discountTax: '0',
  pricesIncludeTax: false,
  createdVia: 'checkout',
  paymentMethod: 'card',
  parentId: '0',
  renewalOf: null,
  consent: null,
  billingCountry: 'CL',
  shippingCountry: 'CL',
  lines: [line()],
  shippingLines: [],
  feeLines: [],
  refunds: [],
  subjects: { email: asSubjectId('s-1'), phone: asSubjectId('s-2'), visitor: asSubjectId('s-3'), customer: null },
  personalFields: [
    'billing.city',
    'billing.country',
    'billing.email',
    'billing.firstName',
    'billing.lastName',
    'billing.phone',
    'billing.postcode',
    'billing.state',
    'customerIp',
    'customerUserAgent',
    'sessionEntryTtclid',
    'shipping.city',
    'ttp',
    'visitorId',
  ],
  sealedUnder: asSubjectId('s-1'),
  sealedPersonal: Buffer.alloc(0),
  ...fields,
});

export const orderState = (fields: Partial<OrderObserved> = {}, state: Partial<OrderState> = {}): OrderState => {
  const observation = observed(fields);
  return {
    tenantId: observation.tenantId,
    connectionId: observation.connectionId,
    orderId: observation.orderId,
    head: { asOf: observation.asOf, modifiedAt: observation.modifiedAt, observedAt: observation.receivedAt, contentHash: 'aa' },
    isVanished: false,
    observed: observation,
    deletionReportedAt: null,
    ...state,
  };
};

export const address = (fields: Partial<PersonalAddress> = {}): PersonalAddress => ({
  firstName: 'María',
  lastName: 'Pérez',
  company: '',
  address1: 'Av. Siempre Viva 742',
  address2: '',
  city: 'Viña del Mar',
  state: 'CL-VS',
  postcode: '832-0000',
  country: 'CL',
  email: ' Maria.Perez@Example.com ',
  phone: '9 8765 4321',
  ...fields,
});

export const personal = (fields: Partial<OrderPersonal> = {}): OrderPersonal => ({
  billing: address(),
  shipping: address({ email: '', phone: '' }),
  customerId: '',
  customerIp: '203.0.113.9',
  customerUserAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
  visitorId: 'visitor-ABC',
  ttclid: '',
  ttp: 'ttp-cookie',
  customerNote: 'ring twice',
  attribution: { session_entry: 'https://shop.example/mug?utm_source=tiktok&ttclid=E.C.P.entry&email=maria.perez%40example.com' },
  ...fields,
});

export const plan = (fields: Partial<DeliveryPlan> = {}): DeliveryPlan => ({
  vendorEventId: 'wc_order_1001',
  eventTime: PAID_AT,
  observationId: '01930000-0000-7000-8000-000000000001',
  settingsVersion: 3,
  value: '45815',
  currency: 'CLP',
  rate: null,
  rateDate: null,
  contentType: 'product',
  lines: [{ lineId: '11', contentId: 'MUG-BLUE', name: 'Mug', unitPrice: '18000', quantity: 2 }],
  matchKeys: ['email'],
  ...fields,
});

export const intent = (fields: Partial<DeliveryIntent> = {}): DeliveryIntent => ({
  tenant,
  source,
  eventName: 'Purchase',
  reference: '1001',
  plan: plan(),
  orderNumber: 'WC-1001-ZZ',
  billingCountry: 'CL',
  personal: personal(),
  isRenewal: false,
  orderStatus: 'processing',
  products: new Map(),
  orderedAt: PAID_AT - 30_000,
  consent: null,
  revision: '0',
  isBaseSent: true,
  background: UNKNOWN_BUYER,
  ...fields,
});
