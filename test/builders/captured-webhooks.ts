import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { phpJson, webhookSignature } from './php-json.js';

const FIXTURES = join(__dirname, '../fixtures/woocommerce');
const WEBHOOK_FOLDERS = ['webhooks', 'webhooks-other-versions'] as const;
/** `order.created`, `order.updated` and `order.restored` carry an order; `order.deleted` carries an id only. */
const ORDER_CAPTURE = /(?:^\d+-|-)order\.(?:created|updated|restored)(?:-|$)/;

/** A webhook request as a shop sent it (test/fixtures/woocommerce/README.md). */
export interface CapturedWebhook {
  /** File name without `.json`. */
  readonly name: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Buffer;
  /** Null for a ping: it is not signed. */
  readonly secret: string | null;
  /** Epoch ms. */
  readonly receivedAt: number;
}

interface CaptureFile {
  readonly receivedAt: string;
  readonly secret: string | null;
  readonly request: { readonly rawHeaders: readonly string[]; readonly body: string };
}

function headersOf(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) headers[rawHeaders[index]!.toLowerCase()] = rawHeaders[index + 1]!;
  return headers;
}

function readCapture(folder: string, name: string): CapturedWebhook {
  const file = JSON.parse(readFileSync(join(FIXTURES, folder, `${name}.json`), 'utf8')) as CaptureFile;
  return {
    name,
    headers: headersOf(file.request.rawHeaders),
    rawBody: Buffer.from(file.request.body, 'utf8'),
    secret: file.secret,
    receivedAt: Date.parse(file.receivedAt),
  };
}

const captureNames = (folder: string): string[] =>
  readdirSync(join(FIXTURES, folder))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted();

/** Loads one capture by file name, or by the number or version in front of it (`024`, `w761-order.created`). */
export function loadCapture(name: string): CapturedWebhook {
  for (const folder of WEBHOOK_FOLDERS) {
    const found = captureNames(folder).find((candidate) => candidate === name || candidate.startsWith(`${name}-`));
    if (found !== undefined) return readCapture(folder, found);
  }
  throw new Error(`no capture is called ${name}; see test/fixtures/woocommerce/webhooks`);
}

/** Every captured webhook, of all versions and topics. */
export const allCaptures = (): CapturedWebhook[] =>
  WEBHOOK_FOLDERS.flatMap((folder) => captureNames(folder).map((name) => readCapture(folder, name)));

/** Every captured webhook whose body is an order. */
export const allOrderCaptures = (): CapturedWebhook[] =>
  allCaptures().filter(({ name }) => ORDER_CAPTURE.test(name) && !name.includes('error-body'));

export interface CapturedRead {
  /** Parsed body. */
  readonly body: unknown;
  /** The answer's `Date` header. */
  readonly date: string;
}

/** Loads a captured REST answer (`order-create-guest-clp`). */
export function loadRestRead(name: string): CapturedRead {
  const file = JSON.parse(readFileSync(join(FIXTURES, 'rest', `${name}.json`), 'utf8')) as {
    readonly response: { readonly rawBody: string; readonly headers: Readonly<Record<string, string>> };
  };
  return { body: JSON.parse(file.response.rawBody) as unknown, date: file.response.headers['date'] ?? '' };
}

/** The capture with another body, written and signed as the shop would. */
export function withBody(capture: CapturedWebhook, body: unknown, secret: string = capture.secret ?? ''): CapturedWebhook {
  const rawBody = Buffer.from(phpJson(body), 'utf8');
  return {
    ...capture,
    rawBody,
    secret,
    headers: { ...capture.headers, 'content-length': String(rawBody.length), 'x-wc-webhook-signature': webhookSignature(rawBody, secret) },
  };
}

const isDateKey = (key: string): boolean => key.startsWith('date_');
const dateMs = (text: string): number => Date.parse(`${text}Z`);
const writtenDate = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

/** Applies `change` to every date field of a body, however deep; local dates are taken for UTC, which a common offset forgives. */
function mapDates(value: unknown, change: (key: string, date: string) => string): unknown {
  if (Array.isArray(value)) return value.map((element) => mapDates(element, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]: [string, unknown]) => [
      key,
      isDateKey(key) && typeof field === 'string' ? change(key, field) : mapDates(field, change),
    ]),
  );
}

/**
 * The capture as if it had happened at another time: every date of the body (local and GMT) moves by one offset, so that the newest
 * GMT date becomes `toMs` (cut to the second), and the body is written and signed anew.
 */
export function shiftDates(capture: CapturedWebhook, toMs: number, secret: string = capture.secret ?? ''): CapturedWebhook {
  const body = JSON.parse(capture.rawBody.toString('utf8')) as unknown;
  let newestMs = Number.NEGATIVE_INFINITY;
  mapDates(body, (key, date) => {
    if (key.endsWith('_gmt')) newestMs = Math.max(newestMs, dateMs(date));
    return date;
  });
  const offsetMs = Number.isFinite(newestMs) ? Math.floor(toMs / 1_000) * 1_000 - newestMs : 0;
  const shifted = mapDates(body, (_, date) => writtenDate(dateMs(date) + offsetMs));
  return { ...withBody(capture, shifted, secret), receivedAt: toMs };
}
