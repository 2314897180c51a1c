import type { VisitPersonal } from '../visit.events.js';
import type { EvidenceField, VisitorConsent, VisitorPart } from './visitor.events.js';

export interface ClickId {
  readonly ttclid: string;
  /** Epoch ms: when the browser first had it, as far as it is known; else the newest visit that shows it. */
  readonly at: number;
}

/** What a visitor's browser showed, in clear; only ever in memory. Empty text means unknown. */
export interface VisitorEvidence {
  /** Newest first, each once. */
  readonly clickIds: readonly ClickId[];
  readonly ttp: string;
  readonly ip: string;
  readonly userAgent: string;
  /** Last page, with query. */
  readonly url: string;
  readonly locale: string;
}

const CLICK_VALID_MS = 30 * 86_400_000;

/** A part with its seal opened; null when the key is gone. */
export interface OpenedPart extends Pick<VisitorPart, 'eventId' | 'at'> {
  readonly personal: VisitPersonal | null;
}

function clickIdsIn(parts: readonly OpenedPart[]): ClickId[] {
  const firstAt = new Map<string, number>();
  for (const { at, personal } of parts) {
    if (personal === null || personal.ttclid === '') continue;
    const since = Math.min(at, personal.ttclidAt ?? at);
    firstAt.set(personal.ttclid, Math.min(since, firstAt.get(personal.ttclid) ?? since));
  }
  return [...firstAt].map(([ttclid, at]) => ({ ttclid, at })).toSorted((a, b) => b.at - a.at || (a.ttclid < b.ttclid ? -1 : 1));
}

/** The newest of each thing that the parts show; `parts` as in the record, newest first. */
export function readVisitorEvidence(parts: readonly OpenedPart[]): VisitorEvidence {
  const newest = (field: Exclude<EvidenceField, 'ttclid'>): string =>
    parts.find(({ personal }) => personal !== null && personal[field] !== '')?.personal?.[field] ?? '';
  return {
    clickIds: clickIdsIn(parts),
    ttp: newest('ttp'),
    ip: newest('ip'),
    userAgent: newest('userAgent'),
    url: newest('url'),
    locale: newest('locale'),
  };
}

/** The newest click id that the visitor had at a moment, if it was at most 30 days old then. */
export const newestClickBefore = (clickIds: readonly ClickId[], momentMs: number): ClickId | null =>
  clickIds.find(({ at }) => at <= momentMs && at > momentMs - CLICK_VALID_MS) ?? null;

/** The newest answer that the visitor had given at a moment; null when it had not been asked. */
export const consentAt = (consents: readonly VisitorConsent[], momentMs: number): VisitorConsent['answer'] | null =>
  consents.find(({ at }) => at <= momentMs)?.answer ?? null;
