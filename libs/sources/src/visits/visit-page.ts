import { plainText } from './visit-body.js';

/** An address as visits keep it. */
export interface VisitedPage {
  /** Whole, with query: for the sealed part. */
  readonly url: string;
  readonly host: string;
  readonly path: string;
  /** Of the query; empty without one. */
  readonly ttclid: string;
}

const MAX_URL_CHARS = 8_000;
const MAX_PATH_CHARS = 500;
const MAIL_IN_PATH = /@|%40/i;
const CLICK_ID = /^[\x21-\x7e]{1,1000}$/;

/** Path without the segments that look like a mail address. */
function clearPath(path: string): string {
  const kept = MAIL_IN_PATH.test(path)
    ? path
        .split('/')
        .map((segment) => (MAIL_IN_PATH.test(segment) ? '*' : segment))
        .join('/')
    : path;
  return kept.slice(0, MAX_PATH_CHARS);
}

/** A click id as TikTok writes it, else empty. */
export function clickIdOf(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : '';
  return CLICK_ID.test(text) ? text : '';
}

/** An http(s) address; null for any other text, and for one of more than 8,000 characters. */
function pageOf(value: unknown): VisitedPage | null {
  if (typeof value !== 'string' || value.length > MAX_URL_CHARS) return null;
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null;
  // A password in an address is nobody's business.
  url.username = '';
  url.password = '';
  return {
    url: plainText(url.href, MAX_URL_CHARS),
    host: url.hostname,
    path: clearPath(url.pathname),
    ttclid: url.search.includes('ttclid=') ? clickIdOf(url.searchParams.get('ttclid')) : '',
  };
}

/** Remembers the last address read: the events of one request mostly come from one page. */
export class PageReader {
  private lastText = '';
  private lastPage: VisitedPage | null = null;

  of(value: unknown): VisitedPage | null {
    if (typeof value !== 'string' || value === '') return null;
    if (value !== this.lastText) {
      this.lastPage = pageOf(value);
      this.lastText = value;
    }
    return this.lastPage;
  }
}
