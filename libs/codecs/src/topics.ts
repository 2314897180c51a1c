/** Topics ⚓ and the records that each may carry. A record's subject in the registry is `<topic>-<record full name>`. */
export interface TopicDefinition {
  readonly name: string;
  /** Records whose value is a message of this topic. */
  readonly records: readonly string[];
  /** Records that only occur sealed inside a message of this topic. */
  readonly sealedRecords: readonly string[];
  readonly retention:
    | { readonly kind: 'for-ever' }
    | { readonly kind: 'days'; readonly days: number }
    /** The newest record of each key for ever; every record for at least `minLagDays`. */
    | { readonly kind: 'compacted'; readonly minLagDays: number };
}

const FOR_EVER = { kind: 'for-ever' } as const;
const days = (count: number): { readonly kind: 'days'; readonly days: number } => ({ kind: 'days', days: count });

export const ORDER_EVENTS_TOPIC = 'commerce.order-events.v1';
export const ORDER_RAW_TOPIC = 'commerce.order-raw.v1';
export const CATALOG_EVENTS_TOPIC = 'commerce.catalog-events.v1';
export const VISIT_EVENTS_TOPIC = 'visits.visit-events.v1';
export const ASSERTION_EVENTS_TOPIC = 'identity.assertion-events.v1';
export const PROFILES_TOPIC = 'identity.profiles.v1';
export const VISITORS_TOPIC = 'identity.visitors.v1';
export const TIKTOK_DELIVERY_TOPIC = 'tiktok.delivery-events.v1';
export const TIKTOK_VISIT_DELIVERY_TOPIC = 'tiktok.visit-delivery-events.v1';
export const TIKTOK_DEAD_LETTER_TOPIC = 'tiktok.dead-letters.v1';
export const FULFILLMENT_DELIVERY_TOPIC = 'fulfillment.delivery-events.v1';
export const FULFILLMENT_DEAD_LETTER_TOPIC = 'fulfillment.dead-letters.v1';
export const CONFIG_EVENTS_TOPIC = 'control.config-events.v1';
export const REJECTED_EVENTS_TOPIC = 'ingest.rejected-events.v1';

export const TOPICS: readonly TopicDefinition[] = [
  {
    name: ORDER_EVENTS_TOPIC,
    records: ['tributary.commerce.OrderObserved', 'tributary.commerce.OrderDeletionReported', 'tributary.commerce.OrderVanished'],
    sealedRecords: ['tributary.commerce.OrderObserved.Personal'],
    retention: FOR_EVER,
  },
  { name: ORDER_RAW_TOPIC, records: ['tributary.commerce.OrderBodyReceived'], sealedRecords: [], retention: days(400) },
  {
    name: CATALOG_EVENTS_TOPIC,
    records: [
      'tributary.commerce.ProductObserved',
      'tributary.commerce.CouponObserved',
      'tributary.commerce.CustomerObserved',
      'tributary.commerce.CustomResourceObserved',
    ],
    sealedRecords: ['tributary.commerce.CustomerObserved.Personal'],
    retention: { kind: 'compacted', minLagDays: 35 },
  },
  {
    name: VISIT_EVENTS_TOPIC,
    records: [
      'tributary.visits.PageViewed',
      'tributary.visits.ProductViewed',
      'tributary.visits.CartItemAdded',
      'tributary.visits.CheckoutStarted',
      'tributary.visits.PaymentInfoAdded',
      'tributary.visits.Searched',
      'tributary.visits.Registered',
      'tributary.visits.PurchaseShown',
      'tributary.visits.ConsentChanged',
      'tributary.visits.CustomVisitEvent',
    ],
    sealedRecords: ['tributary.visits.VisitEvent.Personal'],
    retention: days(35),
  },
  {
    name: ASSERTION_EVENTS_TOPIC,
    records: ['tributary.identity.IdentifiersAsserted', 'tributary.identity.IdentifierBlocked', 'tributary.identity.EdgeCut'],
    sealedRecords: ['tributary.identity.IdentifiersAsserted.Personal'],
    retention: FOR_EVER,
  },
  {
    name: PROFILES_TOPIC,
    records: ['tributary.identity.ProfileChanged', 'tributary.identity.ProfileMerged'],
    sealedRecords: [],
    retention: { kind: 'compacted', minLagDays: 7 },
  },
  {
    name: VISITORS_TOPIC,
    records: ['tributary.identity.VisitorChanged', 'tributary.identity.VisitsApplied'],
    sealedRecords: [],
    retention: { kind: 'compacted', minLagDays: 7 },
  },
  {
    name: TIKTOK_DELIVERY_TOPIC,
    records: [
      'tributary.tiktok.ConversionPlanned',
      'tributary.tiktok.ConversionSuppressed',
      'tributary.tiktok.ConversionAttempted',
      'tributary.tiktok.ConversionDelivered',
      'tributary.tiktok.ConversionRejected',
      'tributary.tiktok.ConversionParked',
      'tributary.tiktok.ConversionRequeued',
      'tributary.tiktok.ConversionUnconfirmed',
      'tributary.tiktok.ConversionExpired',
      'tributary.tiktok.ResolvedByOperator',
    ],
    sealedRecords: [],
    retention: FOR_EVER,
  },
  {
    name: TIKTOK_VISIT_DELIVERY_TOPIC,
    records: ['tributary.tiktok.VisitsAttempted', 'tributary.tiktok.VisitsSettled'],
    sealedRecords: [],
    retention: days(35),
  },
  { name: TIKTOK_DEAD_LETTER_TOPIC, records: ['tributary.tiktok.RecordDeadLettered'], sealedRecords: [], retention: days(90) },
  {
    name: FULFILLMENT_DELIVERY_TOPIC,
    records: [
      'tributary.fulfillment.CourierOrderPlanned',
      'tributary.fulfillment.CourierOrderSuppressed',
      'tributary.fulfillment.CourierOrderAttempted',
      'tributary.fulfillment.CourierOrderDelivered',
      'tributary.fulfillment.CourierOrderRejected',
      'tributary.fulfillment.CourierOrderParked',
      'tributary.fulfillment.CourierOrderRequeued',
      'tributary.fulfillment.CourierOrderUnconfirmed',
      'tributary.fulfillment.CourierOrderExpired',
      'tributary.fulfillment.CourierOrderWithdrawn',
      'tributary.fulfillment.StatusObserved',
      'tributary.fulfillment.ResolvedByOperator',
    ],
    sealedRecords: ['tributary.fulfillment.StatusObserved.Personal'],
    retention: FOR_EVER,
  },
  { name: FULFILLMENT_DEAD_LETTER_TOPIC, records: ['tributary.fulfillment.RecordDeadLettered'], sealedRecords: [], retention: days(90) },
  { name: CONFIG_EVENTS_TOPIC, records: ['tributary.control.ConnectionConfigured'], sealedRecords: [], retention: FOR_EVER },
  {
    name: REJECTED_EVENTS_TOPIC,
    records: ['tributary.ingest.PayloadRejected', 'tributary.ingest.PayloadResubmitted'],
    sealedRecords: [],
    retention: days(90),
  },
];

const subjectOf = (topic: string, record: string): string => `${topic}-${record}`;

/** Every subject that the registry must hold before an app may start. */
export const allSubjects = (): { readonly subject: string; readonly record: string }[] =>
  TOPICS.flatMap((topic) =>
    [...topic.records, ...topic.sealedRecords].map((record) => ({ subject: subjectOf(topic.name, record), record })),
  );
