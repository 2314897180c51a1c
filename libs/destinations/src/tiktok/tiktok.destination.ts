import type { CoverageRules, Destination, VisitDestination } from '@tributary/domain';
import { interpretTiktokReply } from './answer-classes.js';
import { tiktokCoverage } from './coverage.js';
import { isTooOld, planPurchase } from './purchase.plan.js';
import { holdBackPurchase, identityUsedBy } from './purchase/background.js';
import { matchKeysOfPurchase, purchaseRequest } from './purchase.request.js';
import { MAX_EVENT_AGE_DAYS, type TiktokSecrets, type TiktokSettings } from './tiktok.schema.js';
import { holdBackVisit, identityUsedByVisit, planVisit } from './visit.plan.js';
import { matchKeysOfVisit, visitRequest } from './visit.request.js';

const HOUR_MS = 3_600_000;

/**
 * TikTok Events API 2.0, web events.
 * @see https://business-api.tiktok.com/portal/docs (Events API 2.0), read 2026-11-21
 */
export const tiktokDestination: Destination<TiktokSettings, TiktokSecrets> & {
  readonly visits: VisitDestination<TiktokSettings, TiktokSecrets>;
  readonly coverage: CoverageRules;
} = {
  kind: 'tiktok',
  declaration: {
    /** TikTok drops a repeat of pixel + event + event id for 48 hours after the first; an hour is for clocks and queues. */
    repeatWindowMs: 47 * HOUR_MS,
    matchesPeople: true,
    /** TikTok takes 1,000; one bad event fails all of them, so fewer travel together. */
    maxIntentsPerRequest: 50,
    /**
     * TikTok names no limit; the connector of a large sender stops at 1 MB, so no more is known to pass. Proxies refuse from 1 MiB on.
     * @see https://docs.tealium.com/server-side-connectors/tiktok-events-connector («Batch Limits»), read 2026-11-21
     */
    maxRequestBytes: 1_000_000,
    orderLingerMs: 20,
    requestTimeoutMs: 10_000,
    /** 1,000 requests a minute and token. */
    requestsPerSecond: 16,
    maxAttempts: 12,
  },
  plan: planPurchase,
  expiryOf: (plan, mode, settings, nowMs) => {
    // Sent without its test code, a test event would count as a real one.
    if (mode === 'test' && settings.mode !== 'test') return 'test-mode-ended';
    return isTooOld(plan.eventTime, settings, nowMs) ? 'too-old' : null;
  },
  forTest: (settings, testCode) => {
    const testEventCode = testCode ?? settings.testEventCode;
    if (testEventCode === null) return null;
    return { ...settings, mode: 'test', testEventCode, sendFrom: new Date(0).toISOString(), maxEventAgeDays: MAX_EVENT_AGE_DAYS };
  },
  holdBack: holdBackPurchase,
  identityOf: identityUsedBy,
  matchKeysOf: matchKeysOfPurchase,
  /** A request has one pixel, and test events never travel with live ones. */
  batchKey: (mode, settings) => JSON.stringify([mode, settings.pixelCode, mode === 'test' ? settings.testEventCode : null]),
  toRequest: purchaseRequest,
  interpret: interpretTiktokReply,
  coverage: tiktokCoverage,
  visits: {
    lingerMs: 1_000,
    planVisit,
    holdBack: holdBackVisit,
    identityOf: identityUsedByVisit,
    matchKeysOf: matchKeysOfVisit,
    toRequest: visitRequest,
  },
};
