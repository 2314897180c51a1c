import { parseJson } from './page-window.js';

const VISITOR_COOKIE = '_ttoaid';
const CLICK_COOKIE = 'ttclid';
const VISITOR_DAYS = 395;
/** Longer than any click window. */
const CLICK_DAYS = 30;
const DAY_SECONDS = 86_400;
const PREFIX = 'tributary.';

/** All that the script keeps beside its two cookies. */
export type StoredName = 'queue' | 'shown' | 'answer' | 'reported' | 'clickAt';

export function stored<T>(name: StoredName): T | undefined {
  try {
    return parseJson(localStorage.getItem(PREFIX + name)) as T | undefined;
  } catch {
    return undefined; // storage is switched off
  }
}

/** Whether it was kept; undefined as value removes it. */
export function store(name: StoredName, value: unknown): boolean {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false; // switched off or full
  }
}

export function cookie(name: string): string {
  const found = document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`));
  try {
    return found === undefined ? '' : decodeURIComponent(found.slice(name.length + 1));
  } catch {
    return '';
  }
}

/** Written on the broadest domain that the browser allows, so that it is the very cookie that the collector sets. */
function setCookie(name: string, value: string, maxAgeSeconds: number): void {
  const labels = location.hostname.split('.');
  for (let from = labels.length - 1; from >= -1; from -= 1) {
    const domain = from < 0 ? '' : `; domain=${labels.slice(from).join('.')}`;
    const secure = location.protocol === 'https:' ? '; secure' : '';
    document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${maxAgeSeconds}; samesite=lax${domain}${secure}`;
    if (maxAgeSeconds > 0 && cookie(name) === value) return;
  }
}

/** An RFC 9562 version 4 id; `crypto.randomUUID` is not there on plain http. */
export const mintId = (): string =>
  '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) => {
    const [random = 0] = crypto.getRandomValues(new Uint8Array(1));
    return (Number(digit) ^ (random & (15 >> (Number(digit) / 4)))).toString(16);
  });

/** The visitor of this browser; only to be asked for when storing is allowed. */
export function visitorId(): string {
  const known = cookie(VISITOR_COOKIE);
  if (known !== '') return known;
  const minted = mintId();
  setCookie(VISITOR_COOKIE, minted, VISITOR_DAYS * DAY_SECONDS);
  return minted;
}

const clickIdOf = (url: string): string => new URL(url).searchParams.get('ttclid')?.trim() ?? '';

export interface ClickIds {
  readonly ttclid: string | undefined;
  /** RFC 3339. */
  readonly ttclidAt: string | undefined;
  readonly ttp: string | undefined;
}

/** TikTok's click id as the address (or the page before, of the same shop) or the cookie has it, and the pixel's own cookie; neither is ever made up. */
export function clickIds(now: Date): ClickIds {
  const inUrl = clickIdOf(location.href) || (document.referrer.startsWith(`${location.origin}/`) ? clickIdOf(document.referrer) : '');
  if (inUrl !== '' && inUrl !== cookie(CLICK_COOKIE)) {
    setCookie(CLICK_COOKIE, inUrl, CLICK_DAYS * DAY_SECONDS);
    store('clickAt', now);
  }
  return { ttclid: inUrl || cookie(CLICK_COOKIE) || undefined, ttclidAt: stored<string>('clickAt'), ttp: cookie('_ttp') || undefined };
}

/** After a withdrawal nothing of ours is left in this browser. */
export function forget(): void {
  setCookie(VISITOR_COOKIE, '', 0);
  setCookie(CLICK_COOKIE, '', 0);
  for (const name of ['queue', 'shown', 'reported', 'clickAt'] as const) store(name, undefined);
}
