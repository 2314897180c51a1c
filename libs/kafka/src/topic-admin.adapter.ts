import { setTimeout as pause } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { BrokerUnavailable } from './client.adapter.js';

const { ConfigResourceTypes } = kafkajs;

export interface TopicRequest {
  readonly name: string;
  readonly retention: TopicRetention;
}

/** How long records stay: all of them for ever, all of them for some days, or of each key the newest for ever. */
export type TopicRetention =
  | { readonly kind: 'for-ever' }
  | { readonly kind: 'days'; readonly days: number }
  | { readonly kind: 'compacted'; readonly minLagDays: number };

export interface TopicPlan {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInSyncReplicas: number;
  /** A laptop may do with one copy; anything else may not. */
  readonly isLocal: boolean;
}

export interface TopicReport {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
}

/** The cluster is not as asked, and making it so would break what is written in the log. */
export class TopicRefused extends Error {
  override readonly name = 'TopicRefused';
}

/** kafkajs' own errors all say that the cluster did not answer as it should; asking again later is the only cure. */
async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('KafkaJS'))
      throw new BrokerUnavailable('the brokers do not answer', { cause: error });
    throw error;
  }
}

const LEADERLESS: ReadonlySet<unknown> = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE']);
const LEADER_TRIES = 20;
const LEADER_PAUSE_MS = 500;

const isLeaderless = (error: unknown): boolean => LEADERLESS.has((error as { readonly type?: unknown } | null)?.type);

const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const DAY_MS = 86_400_000;

const inMs = (days: number): string => String(days * DAY_MS);

function retentionConfig(retention: TopicRetention): Record<string, string> {
  switch (retention.kind) {
    case 'for-ever':
      return { 'cleanup.policy': 'delete', 'retention.ms': '-1' };
    case 'days':
      return { 'cleanup.policy': 'delete', 'retention.ms': inMs(retention.days) };
    case 'compacted': {
      // A consumer that was away so long still meets every record, tombstones included.
      const lag = inMs(retention.minLagDays);
      return { 'cleanup.policy': 'compact', 'retention.ms': '-1', 'min.compaction.lag.ms': lag, 'delete.retention.ms': lag };
    }
  }
}

const configOf = (topic: TopicRequest, plan: TopicPlan): Record<string, string> => ({
  ...retentionConfig(topic.retention),
  'retention.bytes': '-1',
  'max.message.bytes': String(MAX_MESSAGE_BYTES),
  'min.insync.replicas': String(plan.minInSyncReplicas),
});

/** Reads and shapes topics. */
export class TopicAdmin {
  private constructor(private readonly admin: Admin) {}

  static async connect(kafka: Kafka): Promise<TopicAdmin> {
    const admin = kafka.admin();
    await orUnavailable(admin.connect());
    return new TopicAdmin(admin);
  }

  close(): Promise<void> {
    return this.admin.disconnect();
  }

  /** Creates what is missing and corrects settings; refuses to change a partition count (keys would move) and too few copies. */
  async apply(topics: readonly TopicRequest[], plan: TopicPlan): Promise<TopicReport> {
    if (!plan.isLocal && plan.replicationFactor < 3) {
      throw new TopicRefused(
        `replication factor ${plan.replicationFactor} loses data with one machine: use 3 or more (or --local on a laptop)`,
      );
    }
    const existing = new Set(await orUnavailable(this.admin.listTopics()));
    const known = topics.filter(({ name }) => existing.has(name));
    await this.refuseGrowth(
      known.map(({ name }) => name),
      plan.partitions,
    );
    const missing = topics.filter(({ name }) => !existing.has(name));
    await this.admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({
        topic: topic.name,
        numPartitions: plan.partitions,
        replicationFactor: plan.replicationFactor,
        configEntries: Object.entries(configOf(topic, plan)).map(([name, value]) => ({ name, value })),
      })),
    });
    const updated = await this.correct(known, plan);
    return {
      created: missing.map(({ name }) => name),
      updated,
      unchanged: known.map(({ name }) => name).filter((name) => !updated.includes(name)),
    };
  }

  /** Number of partitions of each topic; missing topics are absent. */
  async partitionCounts(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const existing = new Set(await orUnavailable(this.admin.listTopics()));
    const present = names.filter((name) => existing.has(name));
    if (present.length === 0) return new Map();
    const { topics } = await orUnavailable(this.admin.fetchTopicMetadata({ topics: present }));
    return new Map(topics.map((topic) => [topic.name, topic.partitions.length]));
  }

  /** Like {@link partitionCounts}; throws when a topic is missing, saying what to run. */
  async requiredPartitionCounts(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const counts = await this.partitionCounts(names);
    const missing = names.filter((name) => !counts.has(name));
    if (missing.length > 0) throw new TopicRefused(`missing topics: ${missing.join(', ')}. Run «tributary topics apply».`);
    return counts;
  }

  /** Offset of the first record that is still there, by partition. */
  async beginOffsets(topic: string): Promise<ReadonlyMap<number, number>> {
    const offsets = await orUnavailable(this.topicOffsets(topic));
    return new Map(offsets.map(({ partition, low }) => [partition, Number(low)]));
  }

  /** Offset after the last record, by partition. */
  async endOffsets(topic: string): Promise<ReadonlyMap<number, number>> {
    const offsets = await orUnavailable(this.topicOffsets(topic));
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  }

  /**
   * A partition is without a leader for a moment where a broker starts, or is late with its heartbeats. Kafka calls that retriable;
   * kafkajs 2.2.4 retries it everywhere but in this call. Connecting anew brings the newest leaders.
   */
  private async topicOffsets(topic: string): ReturnType<Admin['fetchTopicOffsets']> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.admin.fetchTopicOffsets(topic);
      } catch (error) {
        if (!isLeaderless(error) || tries === LEADER_TRIES) throw error;
        await pause(LEADER_PAUSE_MS);
        await this.admin.disconnect();
        await this.admin.connect();
      }
    }
  }

  async deleteGroup(groupId: string): Promise<void> {
    await this.admin.deleteGroups([groupId]);
  }

  private async refuseGrowth(names: readonly string[], partitions: number): Promise<void> {
    const counts = await this.partitionCounts(names);
    for (const [name, count] of counts) {
      if (count !== partitions) {
        throw new TopicRefused(
          `${name} has ${count} partitions, ${partitions} were asked for. A topic's partitions are fixed: keys would move. Make the next version of the topic and copy.`,
        );
      }
    }
  }

  private async correct(topics: readonly TopicRequest[], plan: TopicPlan): Promise<string[]> {
    if (topics.length === 0) return [];
    const { resources } = await this.admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
    });
    const updated: string[] = [];
    for (const topic of topics) {
      const current = new Map(
        resources
          .find(({ resourceName }) => resourceName === topic.name)
          ?.configEntries.map((entry) => [entry.configName, entry.configValue]),
      );
      const wanted = Object.entries(configOf(topic, plan));
      if (wanted.every(([name, value]) => current.get(name) === value)) continue;
      await this.admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic.name, configEntries: wanted.map(([name, value]) => ({ name, value })) }],
      });
      updated.push(topic.name);
    }
    return updated;
  }
}

/** Connects an admin, runs `work` with it, and closes it. */
export async function withTopicAdmin<T>(kafka: Kafka, work: (admin: TopicAdmin) => Promise<T>): Promise<T> {
  const admin = await TopicAdmin.connect(kafka);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
