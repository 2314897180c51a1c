import { encodeDeliveryEvent, TIKTOK_DELIVERY_RECORDS, TIKTOK_DELIVERY_TOPIC } from '@tributary/codecs';
import { ledgerKey, partitionOf, type DeliveryEvent } from '@tributary/domain';
import { LaneProducer, Registry } from '@tributary/kafka';
import { loadSchemaBook } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { eventually } from './eventually.js';
import type { Stack } from './stack.js';

/** Writes delivery events into the topic as the app would have, and waits until its ledger has folded every key. */
export async function publishDeliveries(stack: Stack, partitions: number, events: readonly DeliveryEvent[]): Promise<void> {
  const book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
  const producer = new LaneProducer(stack.kafka, { lanes: 1, requestTimeoutMs: 5_000 }, createLog('test', 'silent'));
  await producer.appendAll(
    events.map((event) => {
      const key = ledgerKey(event.key);
      const value = encodeDeliveryEvent(book, TIKTOK_DELIVERY_RECORDS, event);
      return { topic: TIKTOK_DELIVERY_TOPIC, key, partition: partitionOf(key, partitions), value, headers: {} };
    }),
  );
  await producer.close();
  const keys = [...new Set(events.map(({ key }) => ledgerKey(key)))];
  await eventually(`the ledger has folded ${keys.length} keys`, 15_000, async () => {
    const [row] = await stack.sql.query<{ count: number }>(
      '',
      'select count(*)::int as count from tiktok.ledger_entries where ledger_key = any($1)',
      [keys],
    );
    return row?.count === keys.length;
  });
}
