import type { SubjectRef } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import type { Subject } from '@tributary/vault';

/** How facts of one kind become records. A new kind is one of these and one line in FactSealer. */
export interface KindSealer<Fact> {
  /** Whom the fact names. */
  refsOf(fact: Fact): readonly SubjectRef[];
  /** The fact's records; `subjects` stand in the order of `refs`, which are those of {@link refsOf}. */
  recordsOf(
    fact: Fact,
    refs: readonly SubjectRef[],
    subjects: readonly Subject[],
  ): readonly OutgoingRecord[] | Promise<readonly OutgoingRecord[]>;
}
