import type { AssertionRow, ReadIdentifier } from './identity.rows.js';
import { joinStrongIds } from './profile-joins.js';
import { tieVisitor } from './visitor-links.js';
import type { WorkingRows } from './working-rows.js';

type Moment = Pick<AssertionRow, 'seq' | 'atMs'>;

function isUsable(rows: WorkingRows, { kind, subjectId }: ReadIdentifier, row: Moment, done: Moment): boolean {
  const { isBlocked, quarantinedSeq } = rows.subject(kind, subjectId);
  if (isBlocked) return false;
  // Of its own moment the assertion says itself what it excludes.
  return row.seq === done.seq || quarantinedSeq === null || quarantinedSeq > done.seq;
}

/** Draws the conclusions of one assertion, at its own moment or at a later one when it had to wait. */
function conclude(rows: WorkingRows, row: AssertionRow, done: Moment): void {
  const usable = row.identifiers.filter((identifier) => identifier.excluded === null && isUsable(rows, identifier, row, done));
  const strong = usable.filter(({ kind }) => kind !== 'visitor');
  const visitors = usable.filter(({ kind }) => kind === 'visitor').map(({ subjectId }) => ({ subjectId, seq: row.seq }));
  const buyer = joinStrongIds(rows, row, strong, done);
  if (row.orderKey === null) {
    if (buyer !== undefined) for (const visitor of visitors) tieVisitor(rows, row, visitor, buyer, done.atMs);
    return;
  }
  const before = rows.order(row.orderKey);
  const known = new Set(before.visitors.map(({ subjectId }) => subjectId));
  const order = {
    ...before,
    buyer: buyer?.subjectId ?? before.buyer,
    visitors: [...before.visitors, ...visitors.filter(({ subjectId }) => !known.has(subjectId))],
  };
  rows.putOrder(order);
  const billed = order.buyer === null ? undefined : rows.knownSubject(order.buyer);
  if (billed === undefined) return;
  for (const visitor of order.visitors) {
    const { quarantinedSeq } = rows.subject('visitor', visitor.subjectId);
    if (visitor.seq === done.seq || quarantinedSeq === null || quarantinedSeq > done.seq) tieVisitor(rows, row, visitor, billed, done.atMs);
  }
}

/** Applies an assertion, and then those that waited for a value that it shows in clear for the first time. */
export function applyAssertion(rows: WorkingRows, row: AssertionRow): void {
  conclude(rows, row, row);
  for (const { kind, subjectId } of row.identifiers) {
    const subject = rows.subject(kind, subjectId);
    if (subject.clearSeq !== row.seq || subject.heldSeqs.length === 0) continue;
    rows.putSubject({ ...subject, heldSeqs: [] });
    for (const seq of subject.heldSeqs) {
      const held = rows.assertion(seq);
      if (held === undefined) continue;
      rows.redoConflicts(seq);
      conclude(rows, held, row);
    }
  }
}
