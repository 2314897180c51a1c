import { z } from 'zod';
import { ALERT_KINDS, REASONS, type DeliveryState } from '@tributary/domain';
import { DESTINATIONS } from '@tributary/destinations';
import { IMPORT_RESOURCES } from '@tributary/sources';
import { RESUBMITTED_AT_ONCE } from '@tributary/stream';

const time = z.iso.datetime().describe('RFC 3339, UTC');
const orNothing = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => schema.nullable();
const text = z.string();

export const ID_SCHEMA = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be 1–40 of a–z, 0–9 and -');

const DELIVERY_STATES = [
  'planned',
  'suppressed',
  'attempted',
  'transient',
  'unknown',
  'delivered',
  'rejected',
  'parked',
  'unconfirmed',
  'expired',
  'withdrawn',
] as const satisfies readonly DeliveryState[];
const KINDS = Object.keys(DESTINATIONS) as (keyof typeof DESTINATIONS)[];

const limit = z
  .string()
  .regex(/^\d{1,6}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.number().min(1).max(500))
  .default(100);
/** RFC 3339 with any offset; read as epoch ms. */
const moment = z.iso
  .datetime({ offset: true, error: 'must be RFC 3339 with an offset, such as 2026-11-01T00:00:00Z' })
  .transform((written) => Date.parse(written));

export const deliveriesQuery = z
  .strictObject({
    destination: z.enum(KINDS).optional().describe('Kind of the destination'),
    connection: ID_SCHEMA.optional().describe('Destination connection'),
    state: z.enum(DELIVERY_STATES).optional(),
    from: moment.optional().describe('RFC 3339; first moment of plannedAt'),
    to: moment.optional().describe('RFC 3339; first moment of plannedAt that is left out'),
    cursor: text.min(1).optional().describe('nextCursor of the page before'),
    limit: limit.describe('Items of a page, 1–500, default 100'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, { path: ['to'], error: 'must not be before from' });
const REJECTED_STATES = ['rejected', 'taken', 'nothing-to-take'] as const;
const OUTCOMES = ['taken', 'nothing-to-take', 'refused'] as const;
const rejectedFilter = {
  connection: ID_SCHEMA.optional().describe('The shop’s connection'),
  reason: z
    .enum(Object.keys(REASONS) as (keyof typeof REASONS)[])
    .optional()
    .describe('Why it is rejected now'),
};
export const rejectedQuery = z.strictObject({
  ...rejectedFilter,
  state: z.enum(REJECTED_STATES).optional().describe('rejected, or what a resubmission made of it'),
  cursor: text.min(1).optional().describe('nextCursor of the page before'),
  limit: limit.describe('Items of a page, 1–500, default 100'),
});
export const resubmitBody = z.strictObject({
  ...rejectedFilter,
  cursor: text.min(1).optional().describe('nextCursor of the page before'),
  limit: z.int().min(1).max(RESUBMITTED_AT_ONCE).default(RESUBMITTED_AT_ONCE).describe(`How many at once, 1–${RESUBMITTED_AT_ONCE}`),
});
export const tryBody = z.strictObject({
  shop: ID_SCHEMA.describe('The order’s connection'),
  orderId: text.min(1).max(40),
  testCode: text.min(1).max(64).optional().describe('Test event code; default: that of the settings'),
});
export const emptyBody = z.strictObject({});
export const pageQuery = z.strictObject({
  cursor: text.min(1).optional().describe('nextCursor of the page before'),
  limit: limit.describe('Items of a page, 1–500, default 100'),
});
export const importBody = z
  .strictObject({
    connection: ID_SCHEMA.describe('The shop’s connection'),
    from: moment.describe('RFC 3339: orders created at or after it'),
    to: moment.optional().describe('RFC 3339: orders created before it; default now'),
    resources: z
      .array(z.enum(IMPORT_RESOURCES, 'only orders have a history: products, coupons and customers are read whole every day'))
      .min(1)
      .default(['orders']),
  })
  .refine(({ from, to }) => from < (to ?? Date.now()), { path: ['to'], error: 'must be after from' });
export const orderQuery = z.strictObject({
  observations: z
    .enum(['true', 'false'])
    .default('true')
    .transform((written) => written === 'true')
    .describe('Whether to read the order’s records from the log, which takes a moment'),
});
export const retryBody = z.strictObject({
  acceptDuplicate: z.boolean().default(false).describe('Send although the vendor may have taken it before'),
});

const statusFields = {
  status: text.describe('The vendor’s own word'),
  name: orNothing(text).describe('What the vendor calls it for people'),
  trackingId: orNothing(text),
  isFinal: z.boolean().describe('The vendor is done with it: it is not asked about any more'),
  at: time.describe('When the newest of it was read'),
  recordedAt: orNothing(time).describe('When the vendor made its record'),
  withdrawnAt: orNothing(time).describe('When the parcel was, or is to be, fetched'),
  history: z.array(z.object({ at: time, status: text, name: orNothing(text) })).describe('Each status when it was first read'),
};
const trackedStatusSchema = z.object(statusFields).meta({ id: 'TrackedStatus' });

export const deliverySchema = z
  .object({
    id: text.describe('Opaque; for retries'),
    destination: text.describe('Kind of the destination'),
    connection: text,
    source: text.describe('Connection that the order or visit came from'),
    reference: text.describe('Order id or visit event id'),
    eventName: text,
    eventId: orNothing(text).describe('Id under which the vendor deduplicates; null when nothing was planned'),
    mode: z.enum(['live', 'test']),
    state: z.enum(DELIVERY_STATES),
    reason: orNothing(text),
    attempts: z.array(z.object({ at: time, code: orNothing(text), message: orNothing(text), requestId: orNothing(text), outcome: text })),
    plannedAt: time,
    settledAt: orNothing(time),
    status: orNothing(trackedStatusSchema).describe('What became of it at the vendor; null where that is not known, or not asked'),
  })
  .meta({ id: 'Delivery' });

const observationSchema = z
  .object({
    eventId: text,
    type: z.enum(['OrderObserved', 'OrderDeletionReported', 'OrderVanished']),
    source: text,
    receivedAt: time,
    asOf: orNothing(time).describe('On the shop’s clock'),
    modifiedAt: orNothing(time),
    status: orNothing(text),
    total: orNothing(text).describe('Decimal text'),
    currency: orNothing(text),
    contentHash: orNothing(text),
    whatChanged: z.array(text).describe('Against the observation before it'),
    isKept: z.boolean().describe('This one is what the order is now'),
  })
  .meta({ id: 'Observation' });

const orderFields = {
  tenant: text,
  connection: text,
  orderId: text,
  status: text.describe('As the shop calls it; vanished; or unknown while only a deletion was reported'),
  orderNumber: orNothing(text),
  total: orNothing(text).describe('Decimal text'),
  currency: orNothing(text),
  isVanished: z.boolean(),
  deletionReportedAt: orNothing(time),
  head: orNothing(z.object({ asOf: time, modifiedAt: time, observedAt: time, contentHash: text })),
  tracking: z
    .array(z.object({ connection: text.describe('Destination connection'), ...statusFields }))
    .describe('What couriers say of it; empty until one of them was asked'),
  observations: z.array(observationSchema).describe('In log order; empty when they were not asked for'),
};
export const orderSchema = z.object(orderFields).meta({ id: 'Order' });

export const rejectedSchema = z
  .object({
    eventId: text,
    connection: text,
    receivedAt: time,
    reference: orNothing(text).describe('The order it named, when it could be read'),
    reason: text,
    what: text.describe('The reason in words'),
    detail: text,
    topic: text,
    sizeBytes: z.int(),
    state: z.enum(REJECTED_STATES).describe('rejected, or what a resubmission made of it'),
    resubmittedAt: orNothing(time),
    firstReason: orNothing(text).describe('Why it was rejected on arrival; null while reason says that'),
  })
  .meta({ id: 'Rejected' });
export const rejectedOneSchema = rejectedSchema
  .extend({
    payload: z.unknown().describe('Its shape, personal values described instead of shown; null: see payloadNote'),
    payloadNote: orNothing(text),
  })
  .meta({ id: 'RejectedWithPayload' });
const resubmittedFields = {
  outcome: z.enum(['done', 'asked']),
  items: z.array(
    z.object({
      eventId: text,
      outcome: z.enum(OUTCOMES),
      reference: orNothing(text).describe('The order it names, when it can be read'),
      reason: orNothing(text).describe('Why it is still refused'),
      detail: text,
    }),
  ),
};
export const resubmittedSchema = z.object(resubmittedFields).meta({ id: 'Resubmitted' });
export const resubmittedPageSchema = z
  .object({ ...resubmittedFields, nextCursor: orNothing(text).describe('null on the last page') })
  .meta({ id: 'ResubmittedPage' });

const explainedDeliverySchema = deliverySchema.extend({
  settingsVersion: z.int().describe('Version of the settings that it was decided under'),
  observationId: text.describe('Event id of the observation that it was decided on'),
  reasonText: orNothing(text),
  whatWouldChangeIt: orNothing(text),
  value: orNothing(text),
  currency: orNothing(text),
  matchKeys: z
    .array(text)
    .describe('What the newest request says of the buyer, identity’s part among it; before the first: what the order alone gives it'),
  request: z.unknown().describe('The newest request as sent, personal values masked; null: see requestNote'),
  requestNote: orNothing(text),
  words: z.array(text),
});
export const explanationSchema = z
  .object({
    ...orderFields,
    words: z.array(text).describe('All of it in sentences'),
    fold: z.array(text).describe('What the observations add up to'),
    destinations: z.array(
      z.object({
        connection: text,
        destination: text.describe('Its kind'),
        state: text,
        undecided: orNothing(text).describe('Why nothing was decided; null when something was'),
        deliveries: z.array(explainedDeliverySchema),
      }),
    ),
    rejected: z.array(rejectedSchema).describe('Payloads that named this order and could not be used'),
  })
  .meta({ id: 'OrderExplanation' });

export const alertSchema = z
  .object({
    kind: z.enum(ALERT_KINDS),
    tenant: text.describe('«installation» when it concerns all'),
    connection: orNothing(text),
    since: time,
    lastSeen: time,
    occurrences: z.int(),
    what: text.describe('What happened'),
    todo: text.describe('What to do about it'),
  })
  .meta({ id: 'Alert' });

export const importSchema = z
  .object({
    id: text,
    connection: text,
    resources: z.array(text),
    from: time,
    to: time,
    status: z.enum(['running', 'stopped', 'done']),
    total: orNothing(z.int()).describe('As the shop counted them; null until it has answered'),
    read: z.int(),
    published: z.int().describe('Of those read: news, put into the log'),
    unreadable: z.int().describe('Of those read: kept as rejected'),
    ordersPerMinute: orNothing(z.int()).describe('Since it last began or went on'),
    failure: orNothing(text).describe('Why the last page failed; it is asked again'),
    askedAt: time,
    endedAt: orNothing(time),
  })
  .meta({ id: 'Import' });
export const importAskedSchema = z
  .object({ outcome: z.enum(['done', 'asked']), import: orNothing(importSchema) })
  .meta({ id: 'ImportAsked' });

export const retriedSchema = z.object({ outcome: z.enum(['done', 'asked']), delivery: deliverySchema }).meta({ id: 'Retried' });
export const resumedSchema = z
  .object({ outcome: z.enum(['done', 'asked']), moved: orNothing(z.int()).describe('Deliveries that were set going again') })
  .meta({ id: 'Resumed' });

export const triedSchema = z
  .object({
    outcome: z.enum(['done', 'asked']),
    tried: z
      .object({
        eventName: text,
        outcome: text.describe('What the answer is read as: delivered, rejected, misconfigured, …'),
        code: text.describe('The vendor’s, or ours when it did not answer'),
        message: text,
        requestId: orNothing(text),
      })
      .nullable()
      .describe('null: not done yet'),
  })
  .meta({ id: 'Tried' });

export type Order = z.infer<typeof orderSchema>;
export type OrderExplanation = z.infer<typeof explanationSchema>;
export type ExplainedDelivery = z.infer<typeof explainedDeliverySchema>;
