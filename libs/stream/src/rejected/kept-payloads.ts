import { zstdDecompressSync } from 'node:zlib';
import {
  decodeRejectedEvent,
  MalformedRecord,
  REJECTED_EVENTS_TOPIC,
  schemaIdOf,
  type PayloadRejected,
  type SchemaBook,
} from '@tributary/codecs';
import type { TenantId } from '@tributary/domain';
import type { KafkaClient, Registry } from '@tributary/kafka';
import type { Log } from '@tributary/telemetry';
import { VaultError, type Vault } from '@tributary/vault';
import { MAX_REJECTED_BYTES, rejectionKey } from '../append/rejection.sealer.js';
import { readRecordsOf } from '../control/reading-log.js';
import { learnSchema } from '../schema-lookup.js';

export interface KeptPayloadPorts {
  readonly kafka: KafkaClient;
  readonly registry: Registry;
  readonly book: SchemaBook;
  readonly vault: Vault;
  readonly log: Log;
}

/** Which rejected payload: as `orders.rejections` lists it. */
export interface RejectionName {
  readonly eventId: string;
  readonly connectionId: string;
  readonly reference: string | null;
}

/** A rejected payload as the topic holds it; `payload` is null when it does not open any more. */
export interface KeptRejection {
  readonly key: string;
  readonly event: PayloadRejected;
  readonly payload: Buffer | null;
}

/**
 * Rejected payloads by event id, opened; one that is older than the topic keeps is left out. Reads whole partitions: for a person's
 * question. Throws as `readRecordsOf` does.
 */
export async function keptPayloads(
  ports: KeptPayloadPorts,
  tenantId: TenantId,
  wanted: readonly RejectionName[],
  timeLimitMs: number,
): Promise<ReadonlyMap<string, KeptRejection>> {
  const ids = new Set(wanted.map(({ eventId }) => eventId));
  const keys = [...new Set(wanted.map((one) => rejectionKey({ tenantId, ...one })))];
  const records = await readRecordsOf(ports.kafka, { topic: REJECTED_EVENTS_TOPIC, keys, timeLimitMs }, ports.log);
  const found = new Map<string, KeptRejection>();
  for (const [key, values] of records) {
    for (const { value } of values) {
      const event = value === null ? null : await rejectedIn(ports, value);
      if (event === null || !ids.has(event.eventId) || found.has(event.eventId)) continue;
      found.set(event.eventId, { key, event, payload: await opened(ports.vault, tenantId, event) });
    }
  }
  return found;
}

async function rejectedIn({ registry, book }: KeptPayloadPorts, value: Buffer): Promise<PayloadRejected | null> {
  try {
    await learnSchema(registry, book, schemaIdOf(value));
    const event = decodeRejectedEvent(book, value);
    return event.type === 'PayloadRejected' ? event : null;
  } catch (error) {
    if (error instanceof MalformedRecord) return null;
    throw error;
  }
}

async function opened(vault: Vault, tenantId: TenantId, event: PayloadRejected): Promise<Buffer | null> {
  const { eventId, compression, sealedPayload } = event;
  try {
    const bytes = await vault.openForTenant(tenantId, sealedPayload, { topic: REJECTED_EVENTS_TOPIC, eventId });
    return compression === 'none' ? bytes : zstdDecompressSync(bytes, { maxOutputLength: MAX_REJECTED_BYTES });
  } catch (error) {
    if (error instanceof VaultError) return null;
    throw error;
  }
}
