import {
  ASSERTION_EVENTS_TOPIC,
  decodeAssertionEvent,
  decodeIdentifierValue,
  decodeRejectedEvent,
  decodeVisitEvent,
  decodeVisitPersonal,
  REJECTED_EVENTS_TOPIC,
  VISIT_EVENTS_TOPIC,
  type RejectedEvent,
  type SchemaBook,
} from '@tributary/codecs';
import type { IdentifiersAsserted, IdentifierValue, VisitEvent, VisitPersonal } from '@tributary/domain';
import { Registry } from '@tributary/kafka';
import { PostgresVaultStore } from '@tributary/postgres';
import { loadSchemaBook } from '@tributary/stream';
import { MasterKeys, Vault } from '@tributary/vault';
import { dumpLog, type DumpedRecord } from './log-dump.js';
import { MASTER_KEY, type Stack } from './stack.js';

/** A visit as the log has it, with its sealed part opened. */
export interface KeptVisit {
  readonly key: string;
  readonly partition: number;
  readonly event: VisitEvent;
  readonly personal: VisitPersonal | null;
}

export interface KeptAssertion {
  readonly key: string;
  readonly event: IdentifiersAsserted;
  readonly values: readonly IdentifierValue[];
}

/** What the collector has put into the log so far. */
export class KeptVisits {
  private constructor(
    private readonly stack: Stack,
    private readonly book: SchemaBook,
    private readonly vault: Vault,
  ) {}

  static async of(stack: Stack): Promise<KeptVisits> {
    const book = await loadSchemaBook(new Registry({ url: stack.infrastructure.addresses.schemaRegistryUrl, auth: null }));
    return new KeptVisits(stack, book, new Vault({ store: new PostgresVaultStore(stack.sql), masterKeys: MasterKeys.parse(MASTER_KEY) }));
  }

  private records(topic: string): Promise<DumpedRecord[]> {
    return dumpLog(this.stack, [topic]);
  }

  async visits(): Promise<Map<string, KeptVisit>> {
    const kept = new Map<string, KeptVisit>();
    for (const { key, partition, value } of await this.records(VISIT_EVENTS_TOPIC)) {
      const event = decodeVisitEvent(this.book, value);
      const { tenantId, eventId, sealedUnder: subjectId, sealedPersonal: sealed } = event;
      const record = subjectId === null || sealed === null ? null : { subjectId, sealed, topic: VISIT_EVENTS_TOPIC, eventId };
      const [opened] = record === null ? [null] : await this.vault.openMany(tenantId, [record]);
      const personal = opened === null || opened === undefined ? null : decodeVisitPersonal(this.book, opened);
      kept.set(eventId, { key: key.toString(), partition, event, personal });
    }
    return kept;
  }

  async assertions(): Promise<KeptAssertion[]> {
    const kept: KeptAssertion[] = [];
    for (const { key, value } of await this.records(ASSERTION_EVENTS_TOPIC)) {
      const event = decodeAssertionEvent(this.book, value);
      if (event.type !== 'IdentifiersAsserted') throw new Error(`an assertion of type ${event.type}`);
      const { tenantId, eventId, identifiers } = event;
      const opened = await this.vault.openMany(
        tenantId,
        identifiers.map(({ subjectId, sealedValue: sealed }) => ({ subjectId, sealed, topic: ASSERTION_EVENTS_TOPIC, eventId })),
      );
      const values = opened.flatMap((framed) => (framed === null ? [] : [decodeIdentifierValue(this.book, framed)]));
      kept.push({ key: key.toString(), event, values });
    }
    return kept;
  }

  async rejections(): Promise<RejectedEvent[]> {
    return (await this.records(REJECTED_EVENTS_TOPIC)).map(({ value }) => decodeRejectedEvent(this.book, value));
  }
}
