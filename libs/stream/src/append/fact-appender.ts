import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TenantId } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { FactSealer, UnsealedFact } from './fact-sealer.js';
import { FairQueue } from './fair-queue.js';

/** Where sealed records go; resolves when they are safe there. */
export interface RecordAppend {
  append(records: readonly OutgoingRecord[]): Promise<void>;
}

interface Waiting {
  readonly fact: UnsealedFact;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Sealed in one turn of the event loop, a third of a millisecond each: whoever comes meanwhile waits no longer than that. */
const MAX_BATCH = 64;

function tenantOf(fact: UnsealedFact): TenantId {
  if (fact.kind === 'visits') return fact.tenantId;
  return fact.kind === 'catalog' || fact.kind === 'decision' ? fact.event.tenantId : fact.envelope.tenantId;
}

/**
 * Facts in, durable records out. What arrives while one look-up in the vault is outstanding is sealed with the next, so one
 * statement serves many requests; tenants take turns, who comes while others are sealed too; a batch that the vault refuses is
 * sealed one by one, so nobody fails for another.
 */
export class FactAppender {
  private readonly waiting = new FairQueue<Waiting>();
  private isSealing = false;

  constructor(
    private readonly sealer: Pick<FactSealer, 'seal'>,
    private readonly durable: RecordAppend,
  ) {}

  /** Resolves when the fact is durable. */
  append(fact: UnsealedFact): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push(tenantOf(fact), { fact, resolve, reject });
      if (!this.isSealing) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isSealing = true;
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.take(MAX_BATCH);
      try {
        const sealed = await this.sealer.seal(batch.map(({ fact }) => fact));
        for (const [index, { resolve, reject }] of batch.entries()) this.durable.append(sealed[index] ?? []).then(resolve, reject);
      } catch (error) {
        if (batch.length === 1) batch[0]?.reject(error);
        else for (const waiting of batch) await this.sealAlone(waiting);
      }
      // People whom the vault has in memory are sealed without a pause; requests that have come in must be read all the same.
      await nextTurn();
    }
    this.isSealing = false;
  }

  private async sealAlone({ fact, resolve, reject }: Waiting): Promise<void> {
    try {
      const [records] = await this.sealer.seal([fact]);
      this.durable.append(records ?? []).then(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }
}
