import { readObject, readPage, readReport, type Reading } from '../poll/poll-answer.js';
import type { ShopQuery, ShopReply, ShopRequest } from '../rest/shop-exchange.js';
import { restIndexRequest, type ShopAccess } from '../rest/shop-request.js';
import { readShopFacts, type SaidFacts } from './shop-facts.js';
import type { ShopReport } from './shop-report.js';
import { readStaff, type StaffReading } from './shop-staff.js';
import { readSystemStatus } from './system-status.js';

/** One question to a shop about itself: with its keys, or to what it tells everybody. */
export type ShopQuestion =
  | {
      readonly of: 'general' | 'weightUnit' | 'status' | 'administrators' | 'managers' | 'mails' | 'orderMails';
      readonly query: ShopQuery;
    }
  | { readonly of: 'index'; readonly request: ShopRequest };

const SETTING = { _fields: 'id,value' } as const;
const usersOf = (role: string): ShopQuery => ({
  path: '/customers',
  parameters: { role, per_page: '100', orderby: 'id', order: 'asc', _fields: 'id,email,billing', _skip_cache: '1' },
});

export const shopQuestions = (access: ShopAccess): readonly ShopQuestion[] => [
  { of: 'general', query: { path: '/settings/general', parameters: { ...SETTING, _skip_cache: '1' } } },
  { of: 'weightUnit', query: { path: '/settings/products/woocommerce_weight_unit', parameters: SETTING } },
  { of: 'status', query: { path: '/system_status', parameters: { _fields: 'environment,active_plugins' } } },
  { of: 'administrators', query: usersOf('administrator') },
  { of: 'managers', query: usersOf('shop_manager') },
  { of: 'mails', query: { path: '/settings/email', parameters: SETTING } },
  { of: 'orderMails', query: { path: '/settings/email_new_order', parameters: SETTING } },
  { of: 'index', request: restIndexRequest(access) },
];

export type ShopReplies = Readonly<Partial<Record<ShopQuestion['of'], ShopReply>>>;

/** What the answers say; `said` is null when the shop did not show its settings. */
export interface ShopAsking {
  readonly report: ShopReport;
  readonly said: { readonly facts: SaidFacts; readonly staff: StaffReading } | null;
}

/** Where phones without a country belong, besides what the shop says itself. */
export interface PhoneCountries {
  readonly country: string | null;
  readonly defaultCountry: string | null;
}

const readIfAsked = <T>(reply: ShopReply | undefined, read: (reply: ShopReply) => Reading<T>): T | null => {
  if (reply === undefined) return null;
  const reading = read(reply);
  return reading.kind === 'read' ? reading.value : null;
};

/** Puts the answers together. One that is missing or cannot be read leaves what was known. `now`: epoch ms, our clock. */
export function takeShopReplies(
  report: ShopReport,
  { general, weightUnit, status, index, administrators, managers, mails, orderMails }: ShopReplies,
  now: number,
  { country, defaultCountry }: PhoneCountries,
): ShopAsking {
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
  if (settings?.kind !== 'read') return { report: next, said: null };
  const answers = {
    general: settings.value.rows,
    weightUnit: readIfAsked(weightUnit, readObject)?.value ?? null,
    index: readIfAsked(index, readObject)?.value ?? null,
  };
  const facts = readShopFacts(answers);
  const staff = {
    administrators: readIfAsked(administrators, readPage)?.rows ?? null,
    managers: readIfAsked(managers, readPage)?.rows ?? null,
    mails: readIfAsked(mails, readReport)?.rows ?? null,
    orderMails: readIfAsked(orderMails, readReport)?.rows ?? null,
  };
  return { report: next, said: { facts, staff: readStaff(staff, [country, facts.country, defaultCountry]) } };
}
