import type { SchemaBook } from '@tributary/codecs';
import type { OutgoingRecord } from '@tributary/kafka';
import type { Vault } from '@tributary/vault';
import { AssertionSealer, type UnsealedAssertion } from './assertion.sealer.js';
import {
  CatalogSealer,
  CustomerSealer,
  CustomResourceSealer,
  type UnsealedCatalogEvent,
  type UnsealedCustomer,
  type UnsealedCustomResource,
} from './catalog.sealer.js';
import { DecisionSealer, type UnsealedDecision } from './decision.sealer.js';
import type { KindSealer } from './kind-sealer.js';
import {
  DeletionSealer,
  OrderSealer,
  VanishingSealer,
  type UnsealedDeletion,
  type UnsealedOrder,
  type UnsealedVanishing,
} from './order.sealer.js';
import { RejectionSealer, type UnsealedRejection } from './rejection.sealer.js';
import { ResubmissionSealer, type UnsealedResubmission } from './resubmission.sealer.js';
import type { PartitionCounts } from './topic-records.js';
import { VisitsSealer, type UnsealedVisits } from './visits.sealer.js';

export type UnsealedFact =
  | UnsealedOrder
  | UnsealedDeletion
  | UnsealedVanishing
  | UnsealedCatalogEvent
  | UnsealedCustomer
  | UnsealedCustomResource
  | UnsealedRejection
  | UnsealedResubmission
  | UnsealedVisits
  | UnsealedAssertion
  | UnsealedDecision;
type Kind = UnsealedFact['kind'];

type Sealers = { readonly [K in Kind]: KindSealer<Extract<UnsealedFact, { kind: K }>> };

/** Turns facts into records: people become subject ids, personal parts are sealed, everything is framed Avro. */
export class FactSealer {
  private readonly sealers: Sealers;

  constructor(
    private readonly vault: Vault,
    book: SchemaBook,
    partitions: PartitionCounts,
  ) {
    this.sealers = {
      order: new OrderSealer(vault, book, partitions),
      deletion: new DeletionSealer(book, partitions),
      vanished: new VanishingSealer(book, partitions),
      catalog: new CatalogSealer(book, partitions),
      customer: new CustomerSealer(vault, book, partitions),
      resource: new CustomResourceSealer(vault, book, partitions),
      rejection: new RejectionSealer(vault, book, partitions),
      resubmission: new ResubmissionSealer(book, partitions),
      visits: new VisitsSealer(vault, book, partitions),
      assertion: new AssertionSealer(vault, book, partitions),
      decision: new DecisionSealer(book, partitions),
    };
  }

  /** Records of each fact, in the facts' order; one look-up in the vault for all of them. */
  async seal(facts: readonly UnsealedFact[]): Promise<(readonly OutgoingRecord[])[]> {
    const refs = facts.map((fact) => this.sealerOf(fact).refsOf(fact));
    const subjects = await this.vault.subjectsFor(refs.flat());
    const sealed: (readonly OutgoingRecord[])[] = [];
    let next = 0;
    for (const [index, fact] of facts.entries()) {
      const own = refs[index] ?? [];
      sealed.push(await this.sealerOf(fact).recordsOf(fact, own, subjects.slice(next, next + own.length)));
      next += own.length;
    }
    return sealed;
  }

  /** The table's type says that each kind has its own sealer; TypeScript loses that on the way through a union. */
  private sealerOf<Fact extends UnsealedFact>(fact: Fact): KindSealer<Fact> {
    return this.sealers[fact.kind] as unknown as KindSealer<Fact>;
  }
}
