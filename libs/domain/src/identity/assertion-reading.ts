import { createHash } from 'node:crypto';
import type { AssertedIdentifier, IdentifiersAsserted } from '../assertion.events.js';
import { isJoiningKind, QUARANTINE_AT, QUARANTINE_WINDOW_MS, tierOf, type JoiningKind } from './identity.rules.js';
import type { AssertionRow, ReadIdentifier, Sighting, NodeRow } from './identity.rows.js';
import type { WorkingRows } from './working-rows.js';

/** Ingest's judgement of a value, in one word; role and merchant's own addresses are shared by nature. */
function judgementOf({ blocked, isMerchantOwn, isRoleAddress }: AssertedIdentifier): string | null {
  if (blocked !== null) return blocked;
  if (isMerchantOwn) return 'merchant-own';
  return isRoleAddress ? 'role-address' : null;
}

/** Kinds of a later time join nobody under this version. */
function readIdentifiers(asserted: readonly AssertedIdentifier[]): ReadIdentifier[] {
  const bySubject = new Map<string, ReadIdentifier>();
  for (const identifier of asserted) {
    const { kind, subjectId, isHashOnly } = identifier;
    if (isJoiningKind(kind)) bySubject.set(subjectId, { kind, subjectId, isHashOnly, excluded: judgementOf(identifier) });
  }
  return [...bySubject.values()].toSorted((a, b) => tierOf(a.kind) - tierOf(b.kind) || (a.subjectId < b.subjectId ? -1 : 1));
}

const contentKeyOf = (orderKey: string | null, identifiers: readonly ReadIdentifier[]): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        orderKey,
        ...identifiers.map(({ kind, subjectId, isHashOnly, excluded }) => [kind, subjectId, isHashOnly, excluded]),
      ]),
    )
    .digest('hex');

const isSighting = (identifier: ReadIdentifier): identifier is ReadIdentifier & { kind: Sighting['kind'] } =>
  identifier.excluded === null && (identifier.kind === 'customer' || identifier.kind === 'email');

function seenWith(row: NodeRow, others: readonly ReadIdentifier[], atMs: number): readonly Sighting[] {
  const seen = others.filter(isSighting).filter(({ subjectId }) => subjectId !== row.subjectId);
  if (seen.length === 0) return row.sightings;
  const isNew = (sighting: Sighting): boolean => seen.every(({ subjectId }) => subjectId !== sighting.subjectId);
  const recent = row.sightings.filter((sighting) => sighting.atMs > atMs - QUARANTINE_WINDOW_MS && isNew(sighting));
  return [...recent, ...seen.map(({ kind, subjectId }) => ({ kind, subjectId, atMs }))];
}

function isReached(kind: JoiningKind, sightings: readonly Sighting[]): boolean {
  if (kind === 'customer') return false;
  const customers = sightings.filter((sighting) => sighting.kind === 'customer').length;
  return Math.max(customers, sightings.length - customers) >= QUARANTINE_AT[kind];
}

/** Notes what this assertion shows of one subject, and whether the value is anybody's own still. */
function withSighting(row: NodeRow, identifier: ReadIdentifier, all: readonly ReadIdentifier[], seq: number, atMs: number): NodeRow {
  const isClear = !identifier.isHashOnly;
  if (identifier.excluded !== null) return isClear && row.refusedSeq === null ? { ...row, refusedSeq: seq } : row;
  const sightings = identifier.kind === 'customer' ? row.sightings : seenWith(row, all, atMs);
  return {
    ...row,
    sightings,
    clearSeq: row.clearSeq ?? (isClear ? seq : null),
    quarantinedSeq: row.quarantinedSeq ?? (isReached(identifier.kind, sightings) ? seq : null),
  };
}

/** Why this subject joins nobody from here on, whatever this assertion says of it. */
function standingExclusion(row: NodeRow, { isHashOnly }: ReadIdentifier): string | null {
  if (row.quarantinedSeq !== null) return 'quarantined';
  return isHashOnly && row.refusedSeq !== null ? 'refused-in-clear' : null;
}

/**
 * Reads an assertion that says something for the first time and notes the facts about its subjects; undefined when the log has
 * said the same before: a record twice, or another change of an order.
 */
export function readAssertion(rows: WorkingRows, event: IdentifiersAsserted): AssertionRow | undefined {
  const orderKey = event.order === null ? null : `${event.order.connectionId}:${event.order.orderId}`;
  const shown = readIdentifiers(event.identifiers);
  const contentKey = contentKeyOf(orderKey, shown);
  if (rows.wasSaid(contentKey)) return undefined;
  const seq = rows.nextSeq;
  for (const { kind, subjectId, sealedValue } of event.identifiers)
    if (isJoiningKind(kind)) rows.keepValue(subjectId, { eventId: event.eventId, sealedValue });
  const identifiers = shown.map((identifier) => {
    const row = withSighting(rows.subject(identifier.kind, identifier.subjectId), identifier, shown, seq, rows.nowMs);
    rows.putSubject(row);
    return { ...identifier, excluded: identifier.excluded ?? standingExclusion(row, identifier) };
  });
  const { eventId, basis, basisEventId } = event;
  const assertion = { seq, atMs: rows.nowMs, eventId, basis, basisEventId, contentKey, orderKey, identifiers };
  rows.addAssertion(assertion);
  return assertion;
}
