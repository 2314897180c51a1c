import { randomUUID } from 'node:crypto';
import { withTopicAdmin, type KafkaClient } from '@tributary/kafka';

/** A topic of one partition that takes no record of more than `maxBytes`, until {@link LimitedTopic.lift}. */
export class LimitedTopic {
  readonly name = `test.${randomUUID()}.v1`;

  constructor(private readonly kafka: KafkaClient) {}

  async create(maxBytes: number): Promise<void> {
    const admin = this.kafka.admin();
    await admin.connect();
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic: this.name,
          numPartitions: 1,
          replicationFactor: 1,
          configEntries: [{ name: 'max.message.bytes', value: String(maxBytes) }],
        },
      ],
    });
    await admin.disconnect();
  }

  /** What «tributary topics apply» does. */
  async lift(): Promise<void> {
    await withTopicAdmin(this.kafka, (admin) =>
      admin.apply([{ name: this.name, retention: { kind: 'for-ever' } }], {
        partitions: 1,
        replicationFactor: 1,
        minInSyncReplicas: 1,
        isLocal: true,
      }),
    );
  }

  async endOffset(): Promise<number> {
    return withTopicAdmin(this.kafka, async (admin) => (await admin.endOffsets(this.name)).get(0) ?? 0);
  }
}
