import type { Envelope } from '@tributary/domain';
import { MalformedRecord, type SchemaBook } from './schema-book.js';

const CONFIGURED = 'tributary.control.ConnectionConfigured';

/** A version of one connection's settings, without secrets. `schemas/avro/control/connection-configured.v1.avsc` */
export interface ConnectionConfigured extends Envelope {
  /** 1, 2, 3 … per connection. */
  readonly version: number;
  /** `woocommerce`, `tiktok`, … */
  readonly kind: string;
  /** `suspended` with its tenant; `disabled` when it is no longer in the tenant's settings. */
  readonly state: 'active' | 'suspended' | 'disabled';
  readonly tenantName: string;
  readonly defaultCountry: string | null;
  readonly activatedAt: number;
  /** Canonical JSON of the kind's own settings. */
  readonly settings: string;
  /** Version of the connection's secrets in the vault; 0 when it has none. */
  readonly secretsVersion: number;
  /** SHA-256 hex of the webhook token, by which ingest finds the connection; null for other kinds. */
  readonly webhookTokenHash: string | null;
  /** SHA-256 hex of each secret by which arrivals find the connection: webhook token, write keys. */
  readonly addressHashes: readonly string[];
}

export const encodeConnectionConfigured = (book: SchemaBook, event: ConnectionConfigured): Buffer => book.encode(CONFIGURED, event);

/** Throws UnknownSchemaId or MalformedRecord. */
export function decodeConnectionConfigured(book: SchemaBook, framed: Buffer): ConnectionConfigured {
  const { record, value } = book.decode(framed);
  if (record !== CONFIGURED) throw new MalformedRecord(`${record} is not a config event`);
  return value as ConnectionConfigured;
}
