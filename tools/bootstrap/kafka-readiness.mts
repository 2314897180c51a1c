import kafkajs, { type KafkaConfig } from 'kafkajs';
import { waitUntil, type WaitOptions } from './wait-until.mts';

export interface KafkaAccess {
  readonly brokers: string[];
  readonly ssl?: NonNullable<KafkaConfig['ssl']>;
  readonly sasl?: NonNullable<KafkaConfig['sasl']>;
}

/**
 * Resolves when the broker answers and a group coordinator is elected: the first use of a group on a fresh broker fails
 * until the offsets topic exists.
 */
export async function awaitKafka(access: KafkaAccess, wait: Pick<WaitOptions, 'timeoutMs' | 'giveUp'>): Promise<void> {
  await waitUntil({ what: `a first answer of Kafka at ${access.brokers.join()}`, intervalMs: 100, ...wait }, async () => {
    const client = new kafkajs.Kafka({
      ...access,
      clientId: 'tributary-bootstrap',
      logLevel: kafkajs.logLevel.NOTHING,
      connectionTimeout: 2_000,
      requestTimeout: 5_000,
      retry: { retries: 0 },
    });
    const admin = client.admin();
    try {
      await admin.connect();
      await admin.listTopics(); // fills the client's list of brokers, without which it cannot ask for the coordinator
      await admin.fetchOffsets({ groupId: 'tributary-bootstrap' });
      return true;
    } finally {
      await admin.disconnect();
    }
  });
}
