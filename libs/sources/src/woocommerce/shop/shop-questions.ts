import { readObject, readReport, type Reading } from '../poll/poll-answer.js';
import type { ShopQuery, ShopReply, ShopRequest } from '../rest/shop-exchange.js';
import { restIndexRequest, type ShopAccess } from '../rest/shop-request.js';
import { readShopFacts, type ShopFacts } from './shop-facts.js';
import type { ShopReport } from './shop-report.js';
import { readSystemStatus } from './system-status.js';

/** One question to a shop about itself: with its keys, or to what it tells everybody. */
export type ShopQuestion =
  { readonly of: 'general' | 'weightUnit' | 'status'; readonly query: ShopQuery } | { readonly of: 'index'; readonly request: ShopRequest };

export const shopQuestions = (access: ShopAccess): readonly ShopQuestion[] => [
  { of: 'general', query: { path: '/settings/general', parameters: { _fields: 'id,value', _skip_cache: '1' } } },
  { of: 'weightUnit', query: { path: '/settings/products/woocommerce_weight_unit', parameters: { _fields: 'id,value' } } },
  { of: 'status', query: { path: '/system_status', parameters: { _fields: 'environment,active_plugins' } } },
  { of: 'index', request: restIndexRequest(access) },
];

export type ShopReplies = Readonly<Partial<Record<ShopQuestion['of'], ShopReply>>>;

/** What the answers say; `facts` is null when the shop did not show its settings. */
export interface ShopAsking {
  readonly report: ShopReport;
  readonly facts: ShopFacts | null;
}

const readIfAsked = <T>(reply: ShopReply | undefined, read: (reply: ShopReply) => Reading<T>): T | null => {
  if (reply === undefined) return null;
  const reading = read(reply);
  return reading.kind === 'read' ? reading.value : null;
};

/** Puts the answers together. One that is missing or cannot be read leaves what was known. `now`: epoch ms, our clock. */
export function takeShopReplies(report: ShopReport, { general, weightUnit, status, index }: ShopReplies, now: number): ShopAsking {
  const settings = general === undefined ? null : readReport(general);
  const system = readIfAsked(status, readObject);
  const shopTime = settings?.kind === 'read' ? settings.value.shopTime : null;
  const next: ShopReport = {
    ...report,
    askedAt: now,
    failure: settings?.kind === 'failed' ? { kind: settings.failure.kind, detail: settings.failure.detail } : null,
    // `Date` has whole seconds; half of one is its mean error.
    clockAheadMs: shopTime === null ? report.clockAheadMs : shopTime + 500 - now,
    system: system === null ? report.system : readSystemStatus(system.value),
  };
  if (settings?.kind !== 'read') return { report: next, facts: null };
  const answers = {
    general: settings.value.rows,
    weightUnit: readIfAsked(weightUnit, readObject)?.value ?? null,
    index: readIfAsked(index, readObject)?.value ?? null,
  };
  return { report: next, facts: readShopFacts(answers) };
}
