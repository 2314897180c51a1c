import { consentOf, identityUsed, type DeliveryIntent, type HoldBack, type IdentityUsed, type ReasonCode } from '@tributary/domain';
import { clickOfIntent } from '../purchase.request.js';
import type { TiktokSettings } from '../tiktok.schema.js';

/** TikTok drops the second of two twins for 48 hours; an hour is for clocks and queues. */
const TWIN_WINDOW_MS = 47 * 3_600_000;
const WHOLE_ORDER = '0';

const consentOfIntent = ({ consent, orderedAt, background, source }: DeliveryIntent) =>
  consentOf({ consent, createdAt: orderedAt }, background.visitor?.consents ?? [], source.isConsentRequired);

/** The browser told the same pixel of the order so long ago that TikTok would count the server's event as another. */
const isCountedInBrowser = ({ revision, eventName, background }: DeliveryIntent, { pixelCode }: TiktokSettings, nowMs: number): boolean =>
  revision === WHOLE_ORDER &&
  background.shown.some(
    (shown) =>
      nowMs - shown.at > TWIN_WINDOW_MS &&
      (shown.pixelCode === null || shown.pixelCode === pixelCode) &&
      (shown.eventName === null || shown.eventName === eventName),
  );

/** A planned Purchase must not leave for lack of consent, for the browser's twin, or as an upsell whose Purchase was not sent. */
export function holdBackPurchase(intent: DeliveryIntent, settings: TiktokSettings, nowMs: number): HoldBack | null {
  const reason = reasonAgainst(intent, settings, nowMs);
  return reason === null ? null : { kind: 'suppress', reason };
}

function reasonAgainst(intent: DeliveryIntent, settings: TiktokSettings, nowMs: number): ReasonCode | null {
  if (!intent.isBaseSent) return 'base-not-sent';
  return consentOfIntent(intent).reason ?? (isCountedInBrowser(intent, settings, nowMs) ? 'browser-counted' : null);
}

/** What the request uses of identity: written into the log with the attempt. */
export const identityUsedBy = (intent: DeliveryIntent): IdentityUsed =>
  identityUsed(consentOfIntent(intent), intent.background, clickOfIntent(intent)?.from ?? null);
