import type { PollFailure } from '../poll/poll-answer.js';
import type { Unmanaged } from '../webhooks/managed-address.js';
import type { SystemStatus } from './system-status.js';

/** Why a look brought nothing, as {@link PollFailure} says it. */
export type LookFailure = Pick<PollFailure, 'kind' | 'detail'>;

/** What webhooks a shop shall have. */
export interface WantedWebhooks {
  /** Where shops reach ingest; null: nobody said. */
  readonly base: string | null;
  /** None where they are not managed. */
  readonly topics: readonly string[];
}

/** How the shop's webhooks were at the last look. */
export interface WebhooksReport extends WantedWebhooks {
  /** Our clock. */
  readonly checkedAt: number;
  /** Null: they are managed. */
  readonly unmanaged: Unmanaged | null;
  /** Why the look, or bringing them in order, failed. */
  readonly failure: LookFailure | null;
  /** Topics that the shop sends to an address of ours that we made. */
  readonly active: readonly string[];
  /** Topics of active webhooks that somebody made by hand with the connection's own address. */
  readonly byHand: readonly string[];
  /** Our clock: when some were last found broken. */
  readonly brokenAt: number | null;
  /** An alert tells of broken ones. */
  readonly isAlerted: boolean;
}

/** What a look at the shop found out besides its orders. Plain JSON; a look that failed leaves what an earlier one found. */
export interface ShopReport {
  readonly version: 1;
  readonly storeUrl: string;
  /** Of the keys that it was asked with. */
  readonly secretsVersion: number;
  /** Our clock: when it was last asked about itself. */
  readonly askedAt: number | null;
  readonly failure: LookFailure | null;
  /** How far the shop's clock is ahead of ours. */
  readonly clockAheadMs: number | null;
  readonly system: SystemStatus | null;
  readonly webhooks: WebhooksReport | null;
}

const MINUTE = 60_000;
const ASK_EVERY_MS = 6 * 60 * MINUTE;
const AFTER_FAILURE_MS = 10 * MINUTE;
const CHECK_WEBHOOKS_EVERY_MS = 5 * MINUTE;
/** Keys that could only read may be allowed to write without becoming other keys. */
const TRY_WRITING_AGAIN_MS = 24 * 60 * MINUTE;

export interface ShopAsked {
  readonly storeUrl: string;
  readonly secretsVersion: number;
}

/** The report as it was kept; another shop, or other keys, begin a new one. */
export function resumeReport(kept: unknown, { storeUrl, secretsVersion }: ShopAsked): ShopReport {
  const report = kept as ShopReport | null;
  if (report?.version === 1 && report.storeUrl === storeUrl && report.secretsVersion === secretsVersion) return report;
  return { version: 1, storeUrl, secretsVersion, askedAt: null, failure: null, clockAheadMs: null, system: null, webhooks: null };
}

/** Whether the shop is to be asked about itself. `now`: epoch ms, our clock. */
export const isAskingDue = ({ askedAt, failure }: ShopReport, now: number): boolean =>
  askedAt === null || now >= askedAt + (failure === null ? ASK_EVERY_MS : AFTER_FAILURE_MS);

const isWanted = (webhooks: WebhooksReport, { base, topics }: WantedWebhooks): boolean =>
  webhooks.base === base && JSON.stringify(webhooks.topics) === JSON.stringify(topics);

/** Whether the shop's webhooks are to be looked at: at once when others are wanted than at the last look. `now`: epoch ms, our clock. */
export function areWebhooksDue({ webhooks }: ShopReport, wanted: WantedWebhooks, now: number): boolean {
  if (webhooks === null || !isWanted(webhooks, wanted)) return true;
  return now >= webhooks.checkedAt + (webhooks.unmanaged === 'read-only' ? TRY_WRITING_AGAIN_MS : CHECK_WEBHOOKS_EVERY_MS);
}
