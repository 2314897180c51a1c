import { CATALOG_EVENTS_TOPIC, decodeCatalogEvent } from '@tributary/codecs';
import type { CatalogEvent } from '@tributary/domain';
import { Registry } from '@tributary/kafka';
import { loadSchemaBook } from '@tributary/stream';
import { dumpLog } from './log-dump.js';
import type { Stack } from './stack.js';

/** A record of the catalog topic. */
export interface KeptCatalogEvent {
  readonly key: string;
  readonly value: Buffer;
  readonly event: CatalogEvent;
}

/** What the catalog topic holds so far; of one key in its order. */
export async function keptCatalog(stack: Stack): Promise<readonly KeptCatalogEvent[]> {
  const book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
  const records = await dumpLog(stack, [CATALOG_EVENTS_TOPIC]);
  return records.map(({ key, value }) => ({ key: key.toString(), value, event: decodeCatalogEvent(book, value) }));
}
