import type { ConnectionId, SubjectId, TenantId } from '../ids.js';
import type { VisitEvent } from '../visit.events.js';
import { EVIDENCE_FIELDS, type EvidenceField, type VisitorConsent, type VisitorPart } from './visitor.events.js';

/** What visits showed of one visitor. */
export interface VisitorRow {
  readonly tenantId: TenantId;
  readonly visitor: SubjectId;
  /** Offset after the last visit that changed something. */
  readonly version: number;
  /** Of the newest visit. */
  readonly connectionId: ConnectionId;
  /** Epoch ms, browser's clock, never after the arrival. */
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** Epoch ms, our clock: newest arrival. */
  readonly receivedAt: number;
  /** Newest first: {@link MAX_ANSWERS} answers, and of granted and denied the first and last time that they were in force. */
  readonly consents: readonly VisitorConsent[];
  /** Newest first: the newest visit that shows each field, and each of {@link MAX_CLICK_IDS} click ids. */
  readonly parts: readonly VisitorPart[];
}

const MAX_ANSWERS = 16;
const MAX_CLICK_IDS = 10;
const CLICK_KEPT_MS = 30 * 86_400_000;

/** Newest first; total, so that it does not matter in which order visits came. */
const comparePart = (a: VisitorPart, b: VisitorPart): number =>
  b.at - a.at || (a.eventId === b.eventId ? Buffer.compare(b.sealed, a.sealed) : a.eventId < b.eventId ? 1 : -1);

const compareConsent = (a: VisitorConsent, b: VisitorConsent): number =>
  b.at - a.at ||
  (a.eventId === b.eventId ? 0 : a.eventId < b.eventId ? 1 : -1) ||
  (a.answer === b.answer ? Number(b.isAnswer) - Number(a.isAnswer) : a.answer < b.answer ? 1 : -1);

/** Sorted, each element once. */
function inOrder<T>(items: readonly T[], compare: (a: T, b: T) => number): T[] {
  const sorted = items.toSorted(compare);
  return sorted.filter((item, index) => index === 0 || compare(item, sorted[index - 1] ?? item) !== 0);
}

/** The newest part of each of the newest click ids; `parts` newest first. */
function newestOfClicks(parts: readonly VisitorPart[], lastSeenAt: number): VisitorPart[] {
  const byMark = new Map<string, VisitorPart>();
  for (const part of parts) {
    const mark = part.clickMark ?? '';
    if (part.fields.includes('ttclid') && part.at > lastSeenAt - CLICK_KEPT_MS && !byMark.has(mark)) byMark.set(mark, part);
  }
  return [...byMark.values()].slice(0, MAX_CLICK_IDS);
}

/** Every rule keeps greatest elements only, so that what was dropped once would be dropped by any later choice, too. */
function chosenParts(all: readonly VisitorPart[], lastSeenAt: number): VisitorPart[] {
  const parts = inOrder(all, comparePart);
  const chosen = new Set(newestOfClicks(parts, lastSeenAt));
  for (const field of EVIDENCE_FIELDS) {
    const newest = field === 'ttclid' ? undefined : parts.find(({ fields }) => fields.includes(field));
    if (newest !== undefined) chosen.add(newest);
  }
  return parts.filter((part) => chosen.has(part));
}

function chosenConsents(all: readonly VisitorConsent[]): VisitorConsent[] {
  const consents = inOrder(all, compareConsent);
  const chosen = new Set(consents.filter(({ isAnswer }) => isAnswer).slice(0, MAX_ANSWERS));
  for (const answer of ['granted', 'denied'] as const) {
    const same = consents.filter((consent) => consent.answer === answer);
    for (const edge of [same.at(0), same.at(-1)]) if (edge !== undefined) chosen.add(edge);
  }
  return consents.filter((consent) => chosen.has(consent));
}

const isEvidence = (field: string): field is EvidenceField => EVIDENCE_FIELDS.some((known) => known === field);

function partOf({ eventId, personalFields, sealedPersonal, clickMark }: VisitEvent, at: number): VisitorPart[] {
  const fields = personalFields.filter(isEvidence);
  return sealedPersonal === null || fields.length === 0 ? [] : [{ eventId, at, fields, clickMark, sealed: sealedPersonal }];
}

function consentOf({ eventId, consent, type }: VisitEvent, at: number): VisitorConsent[] {
  return consent === 'granted' || consent === 'denied' ? [{ at, eventId, answer: consent, isAnswer: type === 'ConsentChanged' }] : [];
}

const isSame = (a: VisitorRow, b: VisitorRow): boolean =>
  a.connectionId === b.connectionId &&
  a.firstSeenAt === b.firstSeenAt &&
  a.lastSeenAt === b.lastSeenAt &&
  a.receivedAt === b.receivedAt &&
  a.consents.length === b.consents.length &&
  a.consents.every((consent, index) => compareConsent(consent, b.consents[index] ?? consent) === 0) &&
  a.parts.length === b.parts.length &&
  a.parts.every((part, index) => comparePart(part, b.parts[index] ?? part) === 0);

/** Two states of one visitor as one: what either shows, under the greater version. */
function union(a: VisitorRow, b: VisitorRow): VisitorRow {
  const newest = b.lastSeenAt - a.lastSeenAt || (a.connectionId < b.connectionId ? 1 : -1);
  const lastSeenAt = Math.max(a.lastSeenAt, b.lastSeenAt);
  return {
    tenantId: a.tenantId,
    visitor: a.visitor,
    version: Math.max(a.version, b.version),
    connectionId: (newest > 0 ? b : a).connectionId,
    firstSeenAt: Math.min(a.firstSeenAt, b.firstSeenAt),
    lastSeenAt,
    receivedAt: Math.max(a.receivedAt, b.receivedAt),
    consents: chosenConsents([...a.consents, ...b.consents]),
    parts: chosenParts([...a.parts, ...b.parts], lastSeenAt),
  };
}

/** What either state of a visitor shows; the very same row when the other adds nothing. */
export function joinVisitors(row: VisitorRow | undefined, other: VisitorRow): VisitorRow {
  if (row === undefined) return other;
  const joined = union(row, other);
  return isSame(row, joined) ? row : joined;
}

/**
 * What a visit adds to a visitor's evidence; `next` is the offset after it. The very same row when it adds nothing: a record twice.
 * The order of visits does not matter, only the version depends on it.
 */
export function evolveVisitor(row: VisitorRow | undefined, visit: VisitEvent & { readonly visitor: SubjectId }, next: number): VisitorRow {
  const { tenantId, visitor, connectionId, occurredAt, receivedAt } = visit;
  const at = Math.min(occurredAt, receivedAt);
  const seen = { firstSeenAt: at, lastSeenAt: at, receivedAt };
  const own = { tenantId, visitor, version: next, connectionId, ...seen, consents: consentOf(visit, at), parts: partOf(visit, at) };
  return joinVisitors(row, own);
}
