import { z } from 'zod';

const text = z.string().min(1);
const amount = z.number().min(0);
const consent = z.strictObject({ ads: z.enum(['granted', 'denied']) });
const content = z.strictObject({
  contentId: text,
  name: text.optional(),
  price: amount.optional(),
  quantity: z.number().positive(),
});
const commerce = {
  contentType: z.enum(['product', 'product_group']).optional(),
  contents: z.array(content).min(1).optional(),
  value: amount.optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
};
const context = {
  eventId: z.string().regex(/^[A-Za-z0-9._~-]{1,100}$/),
  occurredAt: z.iso.datetime(),
  url: z.url(),
  referrer: z.url().optional(),
  consent: consent.optional(),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
};
const visitOf = <Type extends z.ZodType, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type, ...context, ...shape });

/** A visit exactly as docs/collector.md has it; what it does not name is refused. */
const visit = z.union([
  visitOf(z.literal('page_view'), {}),
  visitOf(z.enum(['product_view', 'cart_add', 'checkout_start', 'payment_info']), commerce),
  visitOf(z.literal('search'), { ...commerce, searchText: text }),
  visitOf(z.literal('registration'), { customerId: text.optional() }),
  visitOf(z.literal('consent'), { signal: z.enum(['api', 'tcf', 'gcm', 'wp', 'gpc']) }),
  visitOf(z.literal('purchase_shown'), {
    ...commerce,
    orderId: text,
    orderNumber: text.optional(),
    isPaid: z.boolean().optional(),
    pixelEventId: text.optional(),
    pixelEventName: text.optional(),
    pixelCode: text.optional(),
  }),
  visitOf(z.enum(['ga4_purchase', 'lead']), commerce),
]);
const batch = z.strictObject({
  writeKey: z.literal('write-key-of-the-shop'),
  visitorId: z.string().regex(/^[A-Za-z0-9._~-]{8,128}$/),
  consent: consent.optional(),
  ttclid: text.optional(),
  ttclidAt: z.iso.datetime().optional(),
  ttp: text.optional(),
  locale: text,
  events: z.array(visit).min(1).max(100),
});
const identity = z.strictObject({
  writeKey: z.literal('write-key-of-the-shop'),
  visitorId: text,
  consent: consent.optional(),
  email: text.optional(),
  email_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  phone: text.optional(),
  phone_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  customerId: text.optional(),
});

export type RecordedVisit = z.infer<typeof visit> & Readonly<Record<string, unknown>>;
export type RecordedBatch = z.infer<typeof batch>;

export interface Answer {
  readonly status: number;
  readonly retryAfterSeconds?: number;
}

/** Takes what the page script sends, strictly, and remembers all of it. */
export class RecordingCollector {
  readonly batches: RecordedBatch[] = [];
  readonly identities: z.infer<typeof identity>[] = [];
  /** Every request that reached it, refused ones too. */
  requests = 0;
  readonly problems: string[] = [];
  /** What the next requests are answered, before it takes any. */
  refusals: Answer[] = [];

  receive(path: string, body: string): Answer {
    this.requests += 1;
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return refusal;
    const parsed = path.endsWith('identify') ? identity.safeParse(JSON.parse(body)) : batch.safeParse(JSON.parse(body));
    if (!parsed.success) {
      this.problems.push(`${path} ${body}: ${z.prettifyError(parsed.error)}`);
      return { status: 400 };
    }
    if ('events' in parsed.data) this.batches.push(parsed.data);
    else this.identities.push(parsed.data);
    return { status: 200 };
  }

  /** Visits by their event id: what came twice is one, as it is for the real collector. */
  visits(type?: string): RecordedVisit[] {
    const all = new Map(this.batches.flatMap(({ events }) => events).map((one) => [one.eventId, one as RecordedVisit]));
    return [...all.values()].filter((one) => type === undefined || one.type === type);
  }

  visitors(): string[] {
    return [...new Set(this.batches.map(({ visitorId }) => visitorId))];
  }
}
