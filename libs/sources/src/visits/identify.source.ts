import { shownVisitor, type ReasonCode } from '@tributary/domain';
import type { JsonObject } from '../woocommerce/body-reader.js';
import { bodyVisitorIdOf, visitorOf, type BrowserRequest, type ShownTogether } from './collect.source.js';
import { allowsIdentifiers, consentOf, refusedRequest, type RefusedRequest } from './visit-body.js';
import type { VisitConnection } from './visit-connection.js';
import { FirstProblem } from './visit-fields.js';
import { peopleIn } from './visit-people.js';

export interface IdentifyReading {
  readonly kind: 'read';
  readonly result:
    | { readonly status: 'accepted'; readonly ignored?: readonly string[] }
    | { readonly status: 'ignored'; readonly code: ReasonCode; readonly ignored?: readonly string[] };
  /** Null when nothing is kept. */
  readonly shown: ShownTogether | null;
  /** `Set-Cookie`, null for none. */
  readonly setCookie: string | null;
}

/**
 * A request to `POST /v1/identify` of a known connection. Never throws. Refusal as a whole: `invalid-field`. Nothing is kept
 * without consent where it is needed, of a bot, or of fewer than two identifiers.
 */
export function readIdentify(body: JsonObject, connection: VisitConnection, request: BrowserRequest): IdentifyReading | RefusedRequest {
  const bodyVisitorId = bodyVisitorIdOf(body);
  if (bodyVisitorId === undefined) return refusedRequest('invalid-field', 'visitorId is not a visitor id');
  const stated = consentOf(body['consent']);
  if (stated === undefined) return refusedRequest('invalid-field', 'consent.ads is not an answer');
  const problem = new FirstProblem();
  const { ignored, ...people } = peopleIn(body, connection, problem);
  if (problem.text !== null) return refusedRequest('invalid-field', problem.text);
  const consent = request.isPrivacyControlOn ? 'denied' : (stated ?? 'unknown');
  const { visitorId, setCookie } = visitorOf(bodyVisitorId, consent, connection, request, null);
  const told = ignored.length === 0 ? {} : { ignored };
  const nothing = (code: ReasonCode): IdentifyReading => ({
    kind: 'read',
    result: { status: 'ignored', code, ...told },
    shown: null,
    setCookie,
  });
  if (request.isBot) return nothing('bot');
  if (!allowsIdentifiers(consent, connection.isConsentRequired))
    return nothing(consent === 'denied' ? 'consent-denied' : 'consent-missing');
  const identifiers = [
    ...[people.customer, people.email, people.phone].filter((shown) => shown !== null),
    ...(visitorId === null ? [] : [shownVisitor(visitorId)]),
  ];
  if (identifiers.length < 2) return nothing('nothing-to-join');
  return {
    kind: 'read',
    result: { status: 'accepted', ...told },
    shown: { basis: 'identify', basisEventId: null, occurredAt: request.receivedAt, order: null, identifiers },
    setCookie,
  };
}
