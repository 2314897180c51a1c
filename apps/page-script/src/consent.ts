import { cookie, store, stored } from './browser-storage.js';
import { eventually, isFields, page, type Call } from './page-window.js';

/** `open`: nobody asked and nobody has to be asked. `pending`: the answer is awaited. */
export type Consent = 'granted' | 'denied' | 'open' | 'pending';
type Signal = 'granted' | 'denied' | 'pending' | undefined;
/** Where an answer came from: our API, IAB TCF, Google consent mode, WP Consent API. */
type Source = 'api' | 'tcf' | 'gcm' | 'wp';

/** IAB TCF: store and read on the device, profile, personalised ads, measure ads. @see https://iabeurope.eu/iab-europe-transparency-consent-framework-policies/ */
const TCF_PURPOSES = ['1', '3', '4', '7'];

export const isAllowed = (consent: Consent): boolean => consent === 'granted' || consent === 'open';

export interface ConsentWatch {
  readonly current: () => Consent;
  readonly isAllowed: () => boolean;
  /** What the newest answer was read from. */
  readonly source: () => string;
  /** `tributary('consent', {ads})`. */
  readonly answer: (ads: unknown) => void;
  /** An entry of the data layer: `['consent', 'default' | 'update', {…}]`. */
  readonly readDataLayer: (entry: Call) => void;
}

/**
 * Reads every sign of consent that the page gives and tells of each change.
 *
 * Global Privacy Control counts as denied, above all; then the shop's own call; then a refusal, a yes, and a banner that is still open.
 */
export function watchConsent(isRequired: boolean, onChange: (now: Consent, before: Consent) => void): ConsentWatch {
  const signals: Partial<Record<Source, Signal>> = { api: stored<Signal>('answer') };
  let source = '';
  const hasPrivacyControl = (navigator as { globalPrivacyControl?: unknown }).globalPrivacyControl === true;

  const resolve = (): Consent => {
    if (hasPrivacyControl) return 'denied';
    if (signals.api !== undefined) return signals.api;
    const given = new Set([signals.tcf, signals.gcm, signals.wp]);
    return (['denied', 'granted', 'pending'] as const).find((answer) => given.has(answer)) ?? (isRequired ? 'pending' : 'open');
  };
  let current: Consent | undefined;

  const say = (from: Source, signal: Signal): void => {
    signals[from] = signal;
    source = from;
    const before = current;
    if (before === undefined) return; // read at the start with everything else
    current = resolve();
    if (current !== before) onChange(current, before);
  };

  const answer = (ads: unknown): void => {
    if (ads !== 'granted' && ads !== 'denied') return;
    // Where nobody has to be asked, a no must outlive the page; where a yes is needed, a no leaves nothing behind.
    store('answer', ads === 'granted' || !isRequired ? ads : undefined);
    say('api', ads);
  };

  const readDataLayer = (entry: Call): void => {
    const [command, kind, answers] = Array.from(entry);
    if (command !== 'consent' || !isFields(answers) || answers['ad_storage'] === undefined) return;
    const isYes = answers['ad_storage'] === 'granted' && answers['ad_user_data'] !== 'denied';
    if (kind === 'update') say('gcm', isYes ? 'granted' : 'denied');
    // A default is what holds until the banner was answered; a default for some regions only says nothing about this visitor.
    else if (answers['region'] === undefined && signals.gcm === undefined) say('gcm', isYes ? 'granted' : 'pending');
  };

  watchTcf((signal) => say('tcf', signal));
  watchWpConsent((signal) => say('wp', signal));
  current = resolve();
  const now = (): Consent => current ?? resolve();
  return {
    current: now,
    isAllowed: () => isAllowed(now()),
    source: () => (hasPrivacyControl ? 'gpc' : source),
    answer,
    readDataLayer,
  };
}

function watchTcf(say: (signal: Signal) => void): void {
  eventually(() => {
    if (page.__tcfapi === undefined) return false;
    page.__tcfapi('addEventListener', 2, (answer, isOk) => {
      if (!isOk || answer === null || answer.gdprApplies === false) return;
      const consents = answer.purpose?.consents ?? {};
      if (answer.eventStatus === 'cmpuishown') say('pending');
      else say(TCF_PURPOSES.every((purpose) => consents[purpose] === true) ? 'granted' : 'denied');
    });
    return true;
  });
}

/** @see https://github.com/WordPress/wp-consent-level-api */
function watchWpConsent(say: (signal: Signal) => void): void {
  const read = (value: unknown): void => {
    if (value === 'allow' || value === 'deny') say(value === 'allow' ? 'granted' : 'denied');
  };
  document.addEventListener('wp_listen_for_consent_change', (event) => {
    const { detail } = event as CustomEvent<unknown>;
    if (isFields(detail)) read(detail['marketing']);
  });
  read(cookie(`${page.consent_api?.cookie_prefix ?? 'wp_consent'}_marketing`));
}
