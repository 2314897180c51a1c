import { v7 as uuidv7 } from 'uuid';
import { encodeRecordDeadLettered, schemaIdOf, type DeadLetterRecord, type SchemaBook } from '@tributary/codecs';
import { asConnectionId, asTenantId, INSTALLATION, partitionOf, type Alerts } from '@tributary/domain';
import type { LaneProducer } from '@tributary/kafka';
import type { DeadRecord } from './projection.js';

export interface DeadLetterPorts {
  /** The app that could not fold the record. */
  readonly app: string;
  readonly topic: string;
  readonly record: DeadLetterRecord;
  readonly partitions: number;
  readonly book: SchemaBook;
  readonly producer: LaneProducer;
  readonly alerts: Alerts;
}

const schemaIdOrNull = (value: Buffer): number | null => {
  try {
    return schemaIdOf(value);
  } catch {
    return null;
  }
};

/** Keeps records that cannot be folded, as they were, with their cause; tenant and connection are taken from the record's key. */
export const deadLetterTo =
  ({ app, topic: kept, record: recordName, partitions, book, producer, alerts }: DeadLetterPorts) =>
  async ({ topic, partition, record, reason, cause }: DeadRecord): Promise<void> => {
    const payload = record.value ?? Buffer.alloc(0);
    const [tenant = '', connection = ''] = record.key.split(':');
    const tenantId = asTenantId(tenant);
    const connectionId = asConnectionId(connection);
    const value = encodeRecordDeadLettered(book, recordName, {
      eventId: uuidv7(),
      tenantId,
      connectionId,
      occurredAt: record.timestamp,
      receivedAt: Date.now(),
      source: app,
      topic,
      partition,
      offset: record.offset,
      schemaId: schemaIdOrNull(payload),
      reason,
      cause,
      payload,
    });
    await producer.append({ topic: kept, partition: partitionOf(record.key, partitions), key: record.key, value, headers: {} });
    await alerts.open({
      tenantId,
      connectionId,
      kind: 'dead-letter',
      what: `A record of ${topic} could not be folded (${reason}).`,
      todo: `Read it in ${kept} (source ${topic}[${partition}] offset ${record.offset}); after a fix, rebuild ${app}.`,
    });
  };

/** For folds that only list what other topics hold: the record stays in its topic, and the alert says where. */
export const leaveInTopic =
  (alerts: Alerts, rebuild: string) =>
  ({ topic, partition, record, reason }: DeadRecord): Promise<void> =>
    alerts.open({
      tenantId: INSTALLATION,
      connectionId: null,
      kind: 'dead-letter',
      what: `A record of ${topic} could not be folded (${reason}) and was passed over.`,
      todo: `It stays in ${topic}[${partition}] at offset ${record.offset}. Update Tributary, then ${rebuild}.`,
    });
