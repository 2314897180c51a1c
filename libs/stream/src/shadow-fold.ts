import { MalformedRecord, UnknownSchemaId } from '@tributary/codecs';
import type { Positioned, ShadowFolding, ShadowSource, Sql } from '@tributary/domain';
import { readRange, withTopicAdmin, type KafkaClient, type RecordBatch } from '@tributary/kafka';
import { loadOffsets } from '@tributary/postgres';
import type { Log } from '@tributary/telemetry';

export interface ShadowPorts {
  readonly kafka: KafkaClient;
  /** Makes the schema id of a framed record known. */
  readonly learn: (framed: Buffer) => Promise<void>;
  readonly log: Log;
}

/** Folds topics into a shadow schema, each from where it was left. */
export class ShadowFold implements ShadowFolding {
  events = 0;

  constructor(
    private readonly ports: ShadowPorts,
    private readonly schema: string,
  ) {}

  /** Reads a topic up to `until` of each partition; what its retention has taken away is passed over. */
  async fold<Event>(sql: Sql, source: ShadowSource<Event>, until: ReadonlyMap<number, number>): Promise<void> {
    const { kafka, log } = this.ports;
    const { projection, topic } = source;
    const partitions = [...until.keys()].toSorted((a, b) => a - b);
    if (partitions.length === 0) return;
    const reached = await loadOffsets(sql, { schema: this.schema, projection, topic }, partitions);
    const begins = await withTopicAdmin(kafka, (admin) => admin.beginOffsets(topic));
    const expected = new Map(reached);
    const from = new Map([...reached].map(([partition, offset]) => [partition, Math.max(offset, begins.get(partition) ?? 0)]));
    await readRange(kafka, { topic, from, until }, (batch) => this.foldBatch(source, batch, expected, until), log);
    // Where nothing is left to read the offset moves all the same.
    for (const [partition, end] of until) {
      const offset = expected.get(partition) ?? 0;
      if (offset < end) await this.apply(source, [], { partition, expected: offset, next: end });
    }
  }

  private async foldBatch<Event>(
    source: ShadowSource<Event>,
    batch: RecordBatch,
    reached: Map<number, number>,
    until: ReadonlyMap<number, number>,
  ): Promise<void> {
    const { partition } = batch;
    const expected = reached.get(partition) ?? 0;
    const next = Math.min(batch.nextOffset, until.get(partition) ?? 0);
    if (next <= expected) return;
    const events: Positioned<Event>[] = [];
    for (const record of batch.records) {
      if (record.offset < expected) continue;
      const event = record.value === null ? (source.decodeTombstone?.(record.key) ?? undefined) : await this.decode(source, record.value);
      if (event !== undefined) events.push({ event, record });
    }
    await this.apply(source, events, { partition, expected, next });
    reached.set(partition, next);
    this.events += events.length;
  }

  private async apply<Event>(
    { projection, topic, apply }: ShadowSource<Event>,
    events: readonly Positioned<Event>[],
    { partition, expected, next }: { readonly partition: number; readonly expected: number; readonly next: number },
  ): Promise<void> {
    const key = { schema: this.schema, projection, topic, partition };
    if (!(await apply(events, { key, expected, next })))
      throw new Error(`${this.schema}: the offset of ${topic}[${partition}] moved; is another rebuild running?`);
  }

  /** A record that cannot be read was reported when the live projection met it; here it is passed over. */
  private async decode<Event>({ decode }: ShadowSource<Event>, value: Buffer): Promise<Event | undefined> {
    try {
      return decode(value);
    } catch (error) {
      if (error instanceof MalformedRecord) return undefined;
      if (!(error instanceof UnknownSchemaId)) throw error;
      try {
        await this.ports.learn(value);
        return decode(value);
      } catch (last) {
        if (last instanceof MalformedRecord) return undefined;
        throw last;
      }
    }
  }
}
