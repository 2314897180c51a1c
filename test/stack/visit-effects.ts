import { TIKTOK_VISIT_DELIVERY_TOPIC, VISIT_EVENTS_TOPIC } from '@tributary/codecs';
import { TopicAdmin } from '@tributary/kafka';
import { asBrowser, pageView, type BrowserAnswer } from './browser.js';
import { eventually } from './eventually.js';
import type { Stack } from './stack.js';

/** A visit as the ledger has it. */
export interface VisitLine {
  readonly reference: string;
  readonly destination: string;
  readonly mode: string;
  readonly eventName: string;
  readonly state: string;
  readonly reason: string | null;
  readonly version: number;
}

export const visitLedgerOf = (stack: Stack): Promise<VisitLine[]> =>
  stack.sql.query<VisitLine>(
    '',
    `select reference, destination_connection_id as destination, mode, event_name as "eventName", state, reason, version
       from tiktok.visit_deliveries order by reference, destination_connection_id`,
  );

const offsetsReach = async (stack: Stack, admin: TopicAdmin, schema: string, projection: string, topic: string): Promise<boolean> => {
  const rows = await stack.sql.query<{ partition: number; next_offset: number }>(
    '',
    `select partition, next_offset from ${schema}.offsets where projection = $1 and topic = $2`,
    [projection, topic],
  );
  const reached = new Map(rows.map((row) => [row.partition, row.next_offset]));
  return [...(await admin.endOffsets(topic))].every(([partition, end]) => (reached.get(partition) ?? 0) >= end);
};

/** Waits until every visit in the log was decided on, and nothing of them waits, is under way or unpublished. */
export async function untilVisitsAtRest(stack: Stack, withinMs = 30_000): Promise<void> {
  const admin = await TopicAdmin.connect(stack.kafka);
  try {
    await eventually('every visit is decided on and nothing of them waits', withinMs, async () => {
      if (!(await offsetsReach(stack, admin, 'tiktok_ops', 'visits', VISIT_EVENTS_TOPIC))) return false;
      for (const table of ['tiktok_ops.visit_queue', 'tiktok_ops.visit_outbox'])
        if ((await stack.sql.query('', `select 1 from ${table} limit 1`)).length > 0) return false;
      return offsetsReach(stack, admin, 'tiktok', 'visit-deliveries', TIKTOK_VISIT_DELIVERY_TOPIC);
    });
  } finally {
    await admin.close();
  }
}

export interface Page {
  readonly ingestUrl: string;
  readonly writeKey: string;
  readonly origin: string;
  readonly visitorId: string;
}

/** What a page of the shop sends. */
export const collect = (
  { ingestUrl, writeKey, origin, visitorId }: Page,
  events: readonly object[],
  more: object = {},
): Promise<BrowserAnswer> =>
  asBrowser(ingestUrl, '/v1/collect', {
    headers: { origin, 'sec-fetch-site': 'same-site', 'x-forwarded-for': '203.0.113.7' },
    body: { writeKey, visitorId, events, ...more },
  });

/** A product's page, as browsers send it. */
export const productView = (overrides: object = {}): ReturnType<typeof pageView> =>
  pageView({
    type: 'product_view',
    url: 'https://shop.example/cafe?utm_source=tiktok&email=someone%40example.com',
    contentType: 'product',
    contents: [{ contentId: 'SKU-1', name: 'Café', price: 12_990, quantity: 2 }],
    currency: 'CLP',
    ...overrides,
  });
