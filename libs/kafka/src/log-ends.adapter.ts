import type { Kafka } from 'kafkajs';
import { TopicAdmin } from './topic-admin.adapter.js';

/** Asks again and again where a topic ends, over one connection. */
export class LogEnds {
  private admin: Promise<TopicAdmin> | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly topic: string,
  ) {}

  /** Offset after the last record, by partition. Throws BrokerUnavailable; the next call connects anew. */
  async read(): Promise<ReadonlyMap<number, number>> {
    this.admin ??= TopicAdmin.connect(this.kafka);
    const { admin } = this;
    try {
      return await (await admin).endOffsets(this.topic);
    } catch (error) {
      if (this.admin === admin) this.admin = undefined;
      void admin.then((connected) => connected.close()).catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    const { admin } = this;
    this.admin = undefined;
    if (admin !== undefined) await (await admin).close();
  }
}
