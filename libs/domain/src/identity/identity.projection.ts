import type { AssertionEvent, EdgeCut, IdentifierBlocked } from '../assertion.events.js';
import { assertNever, type SubjectId, type TenantId } from '../ids.js';
import { applyAssertion } from './assertion-joins.js';
import { readAssertion } from './assertion-reading.js';
import { replayComponent } from './component-replay.js';
import type { IdentityChanges, LoadedRows, RowRequest, TenantClock } from './identity.rows.js';
import { stampHeads } from './published-heads.js';
import { WorkingRows } from './working-rows.js';

/** A tenant without a row. */
export const NEW_TENANT: TenantClock = { clockMs: 0, nextSeq: 1, changeNo: 0 };

/** Either what must be read before the batch can be folded, or what it changes. */
export type IdentityFold =
  { readonly kind: 'needs'; readonly requests: readonly RowRequest[] } | { readonly kind: 'folded'; readonly changes: IdentityChanges };

function applyBlock(rows: WorkingRows, { kind, subjectId, isBlocked }: IdentifierBlocked): void {
  const subject = rows.subject(kind, subjectId);
  if (subject.isBlocked === isBlocked) return;
  rows.putSubject({ ...subject, isBlocked });
  replayComponent(rows, [subjectId]);
}

const changedCut = (cutFrom: readonly SubjectId[], other: SubjectId, isCut: boolean): readonly SubjectId[] =>
  isCut ? [...cutFrom, other].toSorted() : cutFrom.filter((subjectId) => subjectId !== other);

function applyCut(rows: WorkingRows, { one, other, isCut }: EdgeCut): void {
  const [left, right] = [rows.subject(one.kind, one.subjectId), rows.subject(other.kind, other.subjectId)];
  if (left.subjectId === right.subjectId || left.cutFrom.includes(right.subjectId) === isCut) return;
  rows.putSubject({ ...left, cutFrom: changedCut(left.cutFrom, right.subjectId, isCut) });
  rows.putSubject({ ...right, cutFrom: changedCut(right.cutFrom, left.subjectId, isCut) });
  replayComponent(rows, [left.subjectId, right.subjectId]);
}

function apply(rows: WorkingRows, event: AssertionEvent): void {
  rows.advanceTo(event.receivedAt);
  switch (event.type) {
    case 'IdentifiersAsserted': {
      const row = readAssertion(rows, event);
      if (row !== undefined) applyAssertion(rows, row);
      return;
    }
    case 'IdentifierBlocked':
      applyBlock(rows, event);
      return;
    case 'EdgeCut':
      applyCut(rows, event);
      return;
    default:
      assertNever(event);
  }
}

/**
 * The identity graph of one tenant, rule version 1: a fold over its assertions in the order of the log, which knows no time but
 * theirs. Reads only rows of the subjects that the batch names, of their profiles, and of what operators' decisions concern:
 * call it with nothing loaded, read what it asks for, and call it again until it has folded.
 * A record that comes twice, and what was said before, change nothing.
 */
export function foldAssertions(
  tenantId: TenantId,
  clock: TenantClock,
  loaded: LoadedRows,
  events: readonly AssertionEvent[],
): IdentityFold {
  const rows = new WorkingRows(tenantId, clock, loaded);
  for (const event of events) {
    apply(rows, event);
    stampHeads(rows);
  }
  const requests = rows.requests();
  return requests.length > 0 ? { kind: 'needs', requests } : { kind: 'folded', changes: rows.changes() };
}
