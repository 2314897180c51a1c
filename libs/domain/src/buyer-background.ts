import type { IdentityUsed } from './delivery.events.js';
import type { ProfileId, SubjectId } from './ids.js';
import { consentAt, newestClickBefore, type ClickId, type VisitorEvidence } from './identity/visitor-evidence.js';
import type { VisitorConsent } from './identity/visitor.events.js';
import type { OrderContent } from './order.events.js';
import type { ReasonCode } from './reasons.js';
import type { VisitEvent } from './visit.events.js';

/** The browser's own Purchase of an order, as its page told the collector. */
export interface ShownPurchase {
  /** Null when the page did not say. */
  readonly pixelCode: string | null;
  readonly eventName: string | null;
  /** Epoch ms: when the browser says, never after the arrival. The first, when it was told several times. */
  readonly at: number;
}

/** The visitor of an order as identity knows it; opened, so only ever in memory. */
export interface KnownVisitor {
  readonly visitor: SubjectId;
  readonly version: number;
  /** Newest first. */
  readonly consents: readonly VisitorConsent[];
  readonly evidence: VisitorEvidence;
}

/** The person of an order as identity knows it; opened, so only ever in memory. */
export interface KnownProfile {
  readonly profileId: ProfileId;
  readonly version: number;
  /** SHA-256 hex of normalised values. */
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  /** SHA-256 hex of visitor ids. */
  readonly externalIds: readonly string[];
  /** Customer ids, each with the shop that gave it. */
  readonly customers: readonly { readonly shopConnectionId: string; readonly customerId: string }[];
  /** Click ids of the person's other devices, newest first; only where the order names no visitor of its own that is known. */
  readonly clickIds: readonly ClickId[];
}

/** What is known of an order's buyer beyond the order, at the moment of a request. */
export interface BuyerBackground {
  readonly shown: readonly ShownPurchase[];
  readonly visitor: KnownVisitor | null;
  readonly profile: KnownProfile | null;
}

export const UNKNOWN_BUYER: BuyerBackground = { shown: [], visitor: null, profile: null };

/** What is known of who made a visit beyond the visit, at the moment of a request. */
export interface VisitBackground {
  readonly visitor: Pick<KnownVisitor, 'version' | 'consents'> | null;
  /** Whose the visitor is, and nobody else's. */
  readonly profile: KnownProfile | null;
}

export const UNKNOWN_VISITOR: VisitBackground = { visitor: null, profile: null };

/** `none`: nobody answered. `from`: whose word it is: the order's meta, a visit before it (or a withdrawal after it), the shop's rule. */
export interface ConsentUsed {
  readonly answer: 'granted' | 'denied' | 'none';
  readonly from: 'order' | 'visit' | 'shop';
  /** Why nothing may be sent; null while it may. */
  readonly reason: ReasonCode | null;
}

const because = (answer: 'granted' | 'denied', from: 'order' | 'visit'): ConsentUsed => ({
  answer,
  from,
  reason: answer === 'denied' ? 'consent-denied' : null,
});

/**
 * Whether the buyer agrees: a denial after the order withdraws whatever was said before; else the order's own answer decides, then the
 * newest that a visit gave before the order, then the shop's rule. A yes after the order changes nothing: nothing is made up for.
 */
export function consentOf(
  { consent, createdAt }: Pick<OrderContent, 'consent' | 'createdAt'>,
  visits: readonly VisitorConsent[],
  isConsentRequired: boolean,
): ConsentUsed {
  const [newest] = visits;
  if (newest?.answer === 'denied' && newest.at > createdAt) return because('denied', 'visit');
  if (consent === 'granted' || consent === 'denied') return because(consent, 'order');
  const before = consentAt(visits, createdAt);
  if (before !== null) return because(before, 'visit');
  return { answer: 'none', from: 'shop', reason: isConsentRequired ? 'consent-missing' : null };
}

/**
 * Whether the visitor agrees to a visit being counted: a denial after it withdraws what it said, one before it stands until a visit
 * that carries a yes; else the visit's own answer decides, then the shop's rule, of that time or of today.
 */
export function visitConsentOf(
  { consent, occurredAt, receivedAt, isConsentRequired }: Pick<VisitEvent, 'consent' | 'occurredAt' | 'receivedAt' | 'isConsentRequired'>,
  visits: readonly VisitorConsent[],
  isConsentRequiredNow: boolean,
): ConsentUsed {
  const [newest] = visits;
  // Answers are never told to be later than they arrived, so neither is the visit.
  if (newest?.answer === 'denied' && (newest.at >= Math.min(occurredAt, receivedAt) || consent !== 'granted'))
    return because('denied', 'visit');
  if (consent !== 'unknown') return because(consent, 'visit');
  return { answer: 'none', from: 'shop', reason: isConsentRequired || isConsentRequiredNow ? 'consent-missing' : null };
}

/** Where a click id comes from. */
export interface ClickUsed {
  readonly ttclid: string;
  readonly from: 'order' | 'visitor' | 'profile' | 'session-entry';
}

/**
 * The click that led to the order: the one kept with it, else the newest that its visitor (else its person) had before it, at most
 * 30 days old, else the landing page's. A renewal has the click of the order that it renews, however old, and no other.
 */
export function clickOf(
  own: { readonly ttclid: string; readonly sessionEntryTtclid: string | null },
  orderedAt: number,
  isRenewal: boolean,
  background: BuyerBackground,
): ClickUsed | null {
  if (own.ttclid !== '') return { ttclid: own.ttclid, from: 'order' };
  if (!isRenewal) {
    const visitor = newestClickBefore(background.visitor?.evidence.clickIds ?? [], orderedAt);
    if (visitor !== null) return { ttclid: visitor.ttclid, from: 'visitor' };
    const profile = newestClickBefore(background.profile?.clickIds ?? [], orderedAt);
    if (profile !== null) return { ttclid: profile.ttclid, from: 'profile' };
  }
  return own.sessionEntryTtclid === null ? null : { ttclid: own.sessionEntryTtclid, from: 'session-entry' };
}

/** What a request relied on, for the record of the attempt; `clickFrom` null: no click id, or the event's own. */
export const identityUsed = (
  { answer, from }: ConsentUsed,
  { visitor, profile }: VisitBackground,
  clickFrom: ClickUsed['from'] | null,
): IdentityUsed => ({
  consent: answer,
  consentFrom: from,
  visitorVersion: visitor?.version ?? null,
  profileId: profile?.profileId ?? null,
  profileVersion: profile?.version ?? null,
  clickFrom,
});
