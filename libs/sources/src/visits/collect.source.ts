import { shownVisitor, type ConsentAnswer, type OrderBridge, type ReasonCode, type ShownIdentifier } from '@tributary/domain';
import { type JsonObject } from '../woocommerce/body-reader.js';
import { allowsIdentifiers, consentOf, isVisitorId, plainText, refusedRequest, type RefusedRequest } from './visit-body.js';
import type { VisitConnection } from './visit-connection.js';
import { readVisit, type VisitFact } from './visit-event.source.js';
import { localeOf, momentOf } from './visit-fields.js';
import { clickIdOf, PageReader } from './visit-page.js';
import { cookieOf, isOfSameSite, VISITOR_COOKIE, visitorCookie, withdrawnVisitorCookie, type SiteSigns } from './visitor-cookie.js';

/** A request as it came, without its body. */
export interface BrowserRequest extends SiteSigns {
  /** Epoch ms, our clock. */
  readonly receivedAt: number;
  readonly cookies: string | undefined;
  readonly userAgent: string | undefined;
  readonly acceptLanguage: string | undefined;
  /** `Sec-GPC: 1`: counts as denied, whatever the body says. */
  readonly isPrivacyControlOn: boolean;
  /** Public address of the client; empty when it is not known. */
  readonly clientIp: string;
  readonly isBot: boolean;
}

export interface CollectPorts {
  /** A fresh random visitor id. */
  readonly newVisitorId: () => string;
  /** Whether this event id of the connection was taken lately. */
  readonly isKnown: (eventId: string) => boolean;
}

export interface EventResult {
  readonly eventId: string;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly code?: ReasonCode;
  readonly detail?: string;
}

/** Identifiers that an event shows together; becomes an `IdentifiersAsserted`. */
export interface ShownTogether {
  readonly basis: 'identify' | 'registration' | 'purchase-shown';
  readonly basisEventId: string | null;
  readonly occurredAt: number;
  readonly order: OrderBridge | null;
  readonly identifiers: readonly ShownIdentifier[];
}

export interface CollectReading {
  readonly kind: 'read';
  /** One per event, in their order. */
  readonly results: readonly EventResult[];
  readonly visits: readonly VisitFact[];
  readonly shown: readonly ShownTogether[];
  /** `Set-Cookie`, null for none. */
  readonly setCookie: string | null;
}

const MAX_EVENTS = 100;
const MAX_USER_AGENT_CHARS = 1_000;
const MAX_TTP_CHARS = 200;

/** Who asks: the visitor id if there may be one, and the cookie that goes back. */
export interface Visitor {
  readonly visitorId: string | null;
  readonly setCookie: string | null;
}

/** A visitor id of the cookie, else of the body; the cookie is set or taken back as consent and site allow. */
export function visitorOf(
  bodyVisitorId: string | null,
  consent: ConsentAnswer,
  connection: VisitConnection,
  request: BrowserRequest,
  newVisitorId: (() => string) | null,
): Visitor {
  const cookie = cookieOf(request.cookies, VISITOR_COOKIE);
  const known = isVisitorId(cookie) ? cookie : bodyVisitorId;
  const site = request.origin === undefined ? null : (connection.origins.get(request.origin) ?? null);
  const canKeepCookie = isOfSameSite(request, site);
  if (!allowsIdentifiers(consent, connection.isConsentRequired) || request.isBot)
    return { visitorId: known, setCookie: consent === 'denied' && cookie !== '' && canKeepCookie ? withdrawnVisitorCookie(site) : null };
  const visitorId = known ?? (canKeepCookie ? (newVisitorId?.() ?? null) : null);
  return { visitorId, setCookie: visitorId !== null && canKeepCookie ? visitorCookie(visitorId, site) : null };
}

/** The body's own visitor id, null without one; undefined for what can be none. */
export function bodyVisitorIdOf(body: JsonObject): string | null | undefined {
  const { visitorId } = body;
  if (visitorId === undefined || visitorId === null || visitorId === '') return null;
  return typeof visitorId === 'string' && isVisitorId(visitorId) ? visitorId : undefined;
}

const firstLanguage = (header: string | undefined): string => localeOf(header?.split(/[,;]/, 1)[0]);

/** The answer that holds for the request as a whole: the newest that it brings. */
function overallConsent(stated: ConsentAnswer | null, events: readonly unknown[], request: BrowserRequest): ConsentAnswer {
  if (request.isPrivacyControlOn) return 'denied';
  if (stated !== null) return stated;
  for (const event of events.toReversed()) {
    const own = consentOf((event as JsonObject | null)?.['consent']);
    if (own !== null && own !== undefined) return own;
  }
  return 'unknown';
}

function evidenceOf(
  body: JsonObject,
  { cookies, userAgent, acceptLanguage, clientIp }: BrowserRequest,
): Parameters<typeof readVisit>[1]['evidence'] {
  const stated = clickIdOf(body['ttclid']);
  const ttclid = stated === '' ? clickIdOf(cookieOf(cookies, 'ttclid')) : stated;
  return {
    ip: clientIp,
    userAgent: plainText(userAgent, MAX_USER_AGENT_CHARS),
    locale: localeOf(body['locale']) || firstLanguage(acceptLanguage),
    ttclid,
    ttclidAt: stated === '' ? null : momentOf(body['ttclidAt']),
    ttp: plainText(cookieOf(cookies, '_ttp') || body['ttp'], MAX_TTP_CHARS).trim(),
  };
}

function shownBy({ event, visitorId, people }: VisitFact): ShownTogether | null {
  if (event.type !== 'PurchaseShown' && event.type !== 'Registered') return null;
  const { eventId: basisEventId, occurredAt } = event;
  const identifiers = visitorId === null ? people : [...people, shownVisitor(visitorId)];
  if (event.type === 'PurchaseShown') {
    const order = { connectionId: event.shopConnectionId, orderId: event.orderId };
    return identifiers.length === 0 ? null : { basis: 'purchase-shown', basisEventId, occurredAt, order, identifiers };
  }
  return identifiers.length < 2 ? null : { basis: 'registration', basisEventId, occurredAt, order: null, identifiers };
}

/**
 * A request to `POST /v1/collect` of a known connection, turned into facts with a result for each event. Never throws.
 * Refusals as a whole: `invalid-field`, `too-many-events`.
 */
export function readCollect(
  body: JsonObject,
  connection: VisitConnection,
  request: BrowserRequest,
  ports: CollectPorts,
): CollectReading | RefusedRequest {
  const { events } = body;
  if (!Array.isArray(events) || events.length === 0) return refusedRequest('invalid-field', 'events is not a list of events');
  if (events.length > MAX_EVENTS) return refusedRequest('too-many-events', `events has more than ${MAX_EVENTS} elements`);
  const bodyVisitorId = bodyVisitorIdOf(body);
  if (bodyVisitorId === undefined) return refusedRequest('invalid-field', 'visitorId is not a visitor id');
  const stated = consentOf(body['consent']);
  if (stated === undefined) return refusedRequest('invalid-field', 'consent.ads is not an answer');
  const overall = overallConsent(stated, events as unknown[], request);
  const { visitorId, setCookie } = visitorOf(bodyVisitorId, overall, connection, request, ports.newVisitorId);
  const setting = {
    connection,
    receivedAt: request.receivedAt,
    visitorId,
    consent: stated ?? 'unknown',
    isPrivacyControlOn: request.isPrivacyControlOn,
    isBot: request.isBot,
    evidence: evidenceOf(body, request),
    pages: new PageReader(),
  } as const;
  const results: EventResult[] = [];
  const visits: VisitFact[] = [];
  const shown: ShownTogether[] = [];
  const taken = new Set<string>();
  for (const event of events as unknown[]) {
    const fact = readVisit(event, setting);
    if (fact.kind === 'refused') {
      const { eventId, code, detail } = fact;
      results.push({ eventId, status: 'rejected', code, ...(detail === null ? {} : { detail }) });
      continue;
    }
    const { eventId } = fact.event;
    if (taken.has(eventId) || ports.isKnown(eventId)) {
      results.push({ eventId, status: 'duplicate' });
      continue;
    }
    taken.add(eventId);
    results.push({ eventId, status: 'accepted' });
    visits.push(fact);
    const together = shownBy(fact);
    if (together !== null) shown.push(together);
  }
  return { kind: 'read', results, visits, shown, setCookie };
}
