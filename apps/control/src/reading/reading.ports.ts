import type { SchemaBook } from '@tributary/codecs';
import type { Alerts, Sql } from '@tributary/domain';
import type { KafkaClient, Registry } from '@tributary/kafka';
import type { Log } from '@tributary/telemetry';
import type { Vault } from '@tributary/vault';

/** What the reading side of control looks into; it writes nothing but commands. */
export interface ReadingPorts {
  readonly sql: Sql;
  readonly vault: Vault;
  readonly kafka: KafkaClient;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly alerts: Alerts;
  readonly log: Log;
  /** Addresses of the other apps; null when not told. */
  readonly appUrls: { readonly ingest: string | null; readonly tiktok: string | null };
}
