/** TikTok's pixel as the page has it: a queue that takes calls until the library is there, then the library. */
export interface Pixel {
  track?: (event: string, properties: Record<string, unknown>, options: { event_id: string }) => void;
  identify?: (person: Record<string, string>) => void;
  /** Calls back once the library itself has loaded. */
  ready?: (callback: () => void) => void;
  grantConsent?: () => void;
  revokeConsent?: () => void;
}

interface TcfAnswer {
  readonly eventStatus?: string;
  readonly gdprApplies?: boolean;
  readonly purpose?: { readonly consents?: Readonly<Record<string, boolean | undefined>> };
}

/** One call of the page's API, as it was made: `tributary('track', 'lead')`. */
export type Call = ArrayLike<unknown>;

export interface Api {
  (...call: unknown[]): unknown;
  /** Calls that were made before the script was there. */
  q?: Call[];
  /** Set by the script that runs; a second copy sees it and does nothing. */
  isRunning?: boolean;
}

type JQuery = (element: HTMLElement) => {
  readonly on: (event: string, listener: (event: unknown, fragments: unknown, hash: unknown, button: unknown) => void) => void;
};

interface PageGlobals {
  tributary?: Api;
  dataLayer?: unknown[];
  ttq?: Pixel;
  TiktokAnalyticsObject?: string;
  jQuery?: JQuery;
  __tcfapi?: (command: string, version: number, callback: (answer: TcfAnswer | null, isOk: boolean) => void) => void;
  consent_api?: { readonly cookie_prefix?: string };
}

export const page = window as unknown as Window & PageGlobals;

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

export const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '');

/** A number that is there and finite, whatever it was written as; else undefined. */
export function numberOf(value: unknown): number | undefined {
  const text = textOf(value);
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : undefined;
}

export function parseJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** Runs once the page's elements are all there. */
export function whenParsed(run: () => void): void {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', run);
  else run();
}

const EVERY_MS = 500;

/** Runs `isDone` now and twice a second until it says so: for what other scripts bring along, whenever they come. */
export function eventually(isDone: () => boolean): void {
  if (isDone()) return;
  const timer = setInterval(() => {
    if (isDone()) clearInterval(timer);
  }, EVERY_MS);
}
