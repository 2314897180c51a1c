import {
  decodeProfileEvent,
  decodeVisitEvent,
  decodeVisitorEvent,
  openedParts,
  PROFILES_TOPIC,
  sealedParts,
  VISIT_EVENTS_TOPIC,
  VISITORS_TOPIC,
  type SchemaBook,
} from '@tributary/codecs';
import {
  evolveVisitor,
  forgottenVisitor,
  readVisitorEvidence,
  visitorKey,
  type ProfileEvent,
  type SubjectId,
  type VisitEvent,
  type VisitorChanged,
  type VisitorEvent,
  type VisitorEvidence,
  type VisitorRow,
} from '@tributary/domain';
import { Registry, TopicAdmin } from '@tributary/kafka';
import { PostgresVaultStore } from '@tributary/postgres';
import { loadSchemaBook } from '@tributary/stream';
import { MasterKeys, Vault } from '@tributary/vault';
import { eventually } from './eventually.js';
import { dumpLog, type DumpedRecord } from './log-dump.js';
import { MASTER_KEY, type Stack } from './stack.js';

/** A record of one of identity's topics. */
export interface Told<Event> {
  readonly key: string;
  readonly partition: number;
  readonly event: Event;
  readonly bytes: Buffer;
}

const inOrder = (records: readonly DumpedRecord[]): DumpedRecord[] =>
  records.toSorted((a, b) => a.partition - b.partition || Number(a.offset) - Number(b.offset));

/** What identity has published so far. */
export class IdentityTopics {
  private constructor(
    private readonly stack: Stack,
    private readonly book: SchemaBook,
    private readonly vault: Vault,
  ) {}

  static async of(stack: Stack): Promise<IdentityTopics> {
    const book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
    return new IdentityTopics(
      stack,
      book,
      new Vault({ store: new PostgresVaultStore(stack.sql), masterKeys: MasterKeys.parse(MASTER_KEY) }),
    );
  }

  async profiles(): Promise<Told<ProfileEvent>[]> {
    return inOrder(await dumpLog(this.stack, [PROFILES_TOPIC])).map(({ key, partition, value }) => ({
      key: key.toString(),
      partition,
      event: decodeProfileEvent(this.book, value),
      bytes: value,
    }));
  }

  /** In order, partition by partition; tombstones count. */
  async visitors(): Promise<Told<VisitorEvent>[]> {
    return inOrder(await dumpLog(this.stack, [VISITORS_TOPIC])).map(({ key, partition, value }) => {
      const event = value.length === 0 ? forgottenVisitor(key.toString()) : decodeVisitorEvent(this.book, value);
      if (event === null) throw new Error(`a tombstone of ${key.toString()}`);
      return { key: key.toString(), partition, event, bytes: value };
    });
  }

  async evidenceOf(visitor: VisitorChanged): Promise<VisitorEvidence> {
    return readVisitorEvidence(openedParts(this.book, visitor, await this.vault.openMany(visitor.tenantId, sealedParts(visitor))));
  }

  /** What the visits' topic gives, folded here, before an offset of each partition. */
  async expectedVisitors(): Promise<(partition: number, before: number) => ReadonlyMap<string, VisitorRow>> {
    const visits = inOrder(await dumpLog(this.stack, [VISIT_EVENTS_TOPIC])).map(({ partition, offset, value }) => ({
      partition,
      offset: Number(offset),
      event: decodeVisitEvent(this.book, value),
    }));
    const isNamed = (event: VisitEvent): event is VisitEvent & { visitor: SubjectId } => event.visitor !== null;
    return (partition, before) => {
      const rows = new Map<string, VisitorRow>();
      for (const { event, offset, partition: of } of visits) {
        if (of !== partition || offset >= before || !isNamed(event)) continue;
        const key = visitorKey(event);
        rows.set(key, evolveVisitor(rows.get(key), event, offset + 1));
      }
      return rows;
    };
  }

  /** Waits until everything is folded and published; answers the ends of the visits' topic. */
  async untilPublished(withinMs = 30_000): Promise<ReadonlyMap<number, number>> {
    const admin = await TopicAdmin.connect(this.stack.kafka);
    try {
      let ends: ReadonlyMap<number, number> = new Map();
      await eventually('all is folded and published', withinMs, async () => {
        for (const [projection, topic] of [
          ['visits', VISIT_EVENTS_TOPIC],
          ['graph', 'identity.assertion-events.v1'],
        ] as const) {
          ends = projection === 'visits' ? await admin.endOffsets(topic) : ends;
          const reached = await this.stack.sql.query<{ partition: number; next_offset: number }>(
            '',
            'select partition, next_offset from identity.offsets where projection = $1',
            [projection],
          );
          const at = new Map(reached.map(({ partition, next_offset }) => [partition, next_offset]));
          for (const [partition, end] of await admin.endOffsets(topic)) if ((at.get(partition) ?? 0) < end) return false;
        }
        if ((await this.stack.sql.query('', 'select 1 from identity_ops.outbox limit 1')).length > 0) return false;
        const told = new Map<number, number>();
        for (const { event } of await this.visitors())
          if (event.type === 'VisitsApplied') told.set(event.partition, Math.max(told.get(event.partition) ?? 0, event.nextOffset));
        return [...ends].every(([partition, end]) => end === 0 || told.get(partition) === end);
      });
      return ends;
    } finally {
      await admin.close();
    }
  }
}
