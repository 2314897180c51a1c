import {
  identityUsed,
  visitConsentOf,
  type ConsentUsed,
  type DestinationContext,
  type HoldBack,
  type IdentityUsed,
  type ReasonCode,
  type SourceContext,
  type VisitContent,
  type VisitDecision,
  type VisitEvent,
  type VisitIntent,
} from '@tributary/domain';
import { isTooOld, MAX_FUTURE_MS, TEST_MODE_LASTS_MS } from './purchase.plan.js';
import type { TiktokSettings, TiktokVisitEvent } from './tiktok.schema.js';

/** Names of the page's own events that have a switch of their own. */
const NAMED: Readonly<Record<string, 'Lead' | 'Subscribe'>> = { lead: 'Lead', subscribe: 'Subscribe' };
const NEVER: VisitDecision = { eventName: null, reason: null };
/** @see https://business-api.tiktok.com/portal/docs (Standard events, required parameters), read 2026-11-21 */
const NEEDS_CONTENTS: ReadonlySet<TiktokVisitEvent> = new Set(['ViewContent', 'AddToCart', 'InitiateCheckout']);

/**
 * A visit as TikTok's event of the same moment, under the browser's own event id; nothing where the settings, consent, age or the
 * visit's own fields forbid it. Consent is what the visit itself said when it happened; a shop that needs a yes today needs it for
 * older visits too.
 */
export function planVisit(
  visit: VisitEvent,
  source: SourceContext | null,
  destination: DestinationContext<TiktokSettings>,
  nowMs: number,
): VisitDecision {
  const eventName = eventNameOf(visit, destination.settings);
  if (eventName === null) return NEVER;
  const reason =
    eventName === 'off'
      ? 'event-off'
      : (refusalOf(visit, source, destination, nowMs) ?? (isComplete(visit, eventName) ? null : 'incomplete'));
  return reason === null ? { eventName } : { eventName: null, reason };
}

const consentOfIntent = ({ visit, source, background }: VisitIntent): ConsentUsed =>
  visitConsentOf(visit, background.visitor?.consents ?? [], source?.isConsentRequired === true);

/** A visit must not leave any more when its visitor has denied consent since it was decided. */
export function holdBackVisit(intent: VisitIntent): HoldBack | null {
  const { reason } = consentOfIntent(intent);
  return reason === null ? null : { kind: 'suppress', reason };
}

/** What the request uses of identity: written into the log with the attempt. A visit shows its own click. */
export const identityUsedByVisit = (intent: VisitIntent): IdentityUsed => identityUsed(consentOfIntent(intent), intent.background, null);

/** Null: no event of TikTok's at all. */
function eventNameOf(visit: VisitEvent, { events }: TiktokSettings): TiktokVisitEvent | 'off' | null {
  const switched = (name: Exclude<keyof TiktokSettings['events'], 'custom'>): TiktokVisitEvent | 'off' => (events[name] ? name : 'off');
  switch (visit.type) {
    case 'PageViewed':
      return switched('Pageview');
    case 'ProductViewed':
      return switched('ViewContent');
    case 'CartItemAdded':
      return switched('AddToCart');
    case 'CheckoutStarted':
      return switched('InitiateCheckout');
    case 'PaymentInfoAdded':
      return switched('AddPaymentInfo');
    case 'Searched':
      return switched('Search');
    case 'Registered':
      return switched('CompleteRegistration');
    case 'CustomVisitEvent': {
      const mapped = Object.hasOwn(events.custom, visit.name) ? events.custom[visit.name] : undefined;
      const named = NAMED[visit.name];
      return mapped ?? (named === undefined ? 'off' : switched(named));
    }
    default:
      return null;
  }
}

function refusalOf(
  visit: VisitEvent,
  source: SourceContext | null,
  { settings, activatedAt, configuredAt }: DestinationContext<TiktokSettings>,
  nowMs: number,
): ReasonCode | null {
  const { reason } = visitConsentOf(visit, [], source?.isConsentRequired === true);
  if (reason !== null) return reason;
  const eventTime = visit.occurredAt;
  if (eventTime < (settings.sendFrom === null ? activatedAt : Date.parse(settings.sendFrom))) return 'before-go-live';
  if (isTooOld(eventTime, settings, nowMs)) return 'too-old';
  if (eventTime > nowMs + MAX_FUTURE_MS) return 'in-the-future';
  if (settings.mode === 'test' && nowMs >= configuredAt + TEST_MODE_LASTS_MS) return 'test-mode-ended';
  return null;
}

const contentsOf = (visit: VisitEvent): readonly VisitContent[] => ('contents' in visit ? visit.contents : []);

function isComplete(visit: VisitEvent, eventName: TiktokVisitEvent): boolean {
  if (eventName === 'Search') return visit.personalFields.includes('searchText');
  return !NEEDS_CONTENTS.has(eventName) || contentsOf(visit).length > 0;
}
