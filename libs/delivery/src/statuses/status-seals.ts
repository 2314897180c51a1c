import { decodeStatusNames, encodeStatusNames, type SchemaBook } from '@tributary/codecs';
import { asSubjectId, ledgerKey, type LedgerEntry, type SealedNames, type StatusNames } from '@tributary/domain';
import type { Vault } from '@tributary/vault';

/** Who brings a delivery, sealed under the person that the delivery is for: erasing them takes it along. */
export class StatusSeals {
  constructor(
    private readonly vault: Pick<Vault, 'openMany' | 'sealMany'>,
    private readonly book: SchemaBook,
    private readonly learn: (framed: Buffer) => Promise<void>,
    private readonly topic: string,
  ) {}

  /** The newest known names of each, by ledger key; absent where there are none, or where the key is gone. */
  async open(entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, StatusNames>> {
    const opened = new Map<string, StatusNames>();
    const sealed = entries.flatMap(({ key, status }) => (status === null || status.names === null ? [] : [{ key, names: status.names }]));
    for (const [tenantId, list] of Map.groupBy(sealed, ({ key }) => key.tenantId)) {
      const parts = await this.vault.openMany(
        tenantId,
        list.map(({ names }) => ({
          subjectId: asSubjectId(names.sealedUnder),
          sealed: Buffer.from(names.sealed, 'base64'),
          topic: this.topic,
          eventId: names.eventId,
        })),
      );
      for (const [index, part] of parts.entries()) {
        const of = list[index];
        if (part === null || of === undefined) continue;
        await this.learn(part);
        opened.set(ledgerKey(of.key), decodeStatusNames(this.book, part));
      }
    }
    return opened;
  }

  /** Null when there is no key to seal them with. */
  async seal({ key, sealedUnder }: LedgerEntry, names: StatusNames, eventId: string): Promise<SealedNames | null> {
    if (sealedUnder === null) return null;
    const [sealed] = await this.vault.sealMany(key.tenantId, [
      { subjectId: sealedUnder, plaintext: encodeStatusNames(this.book, names), topic: this.topic, eventId },
    ]);
    return sealed === null || sealed === undefined ? null : { sealedUnder, sealed };
  }
}
