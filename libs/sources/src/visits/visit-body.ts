import { isUtf8 } from 'node:buffer';
import { isPlaceholder, type ConsentAnswer, type ReasonCode } from '@tributary/domain';
import { isJsonObject, textOf, type JsonObject } from '../woocommerce/body-reader.js';

/** A request that is not used at all. */
export interface RefusedRequest {
  readonly kind: 'refused';
  readonly reason: ReasonCode;
  /** What is wrong and where: never a value of the body. */
  readonly detail: string;
}

export interface ParsedRequest {
  readonly kind: 'parsed';
  readonly writeKey: string;
  readonly body: JsonObject;
}

const VISITOR_ID = /^[A-Za-z0-9._~-]{8,128}$/;
const WRITE_KEY_IN_TEXT = /"writeKey"\s*:\s*"([A-Za-z0-9_-]{16,200})"/;
/** A key stands near the front; searching further would let a broken body keep us busy. */
const SEARCHED_CHARS = 4_096;

export const refusedRequest = (reason: ReasonCode, detail: string): RefusedRequest => ({ kind: 'refused', reason, detail });

/**
 * The body of a request to the collector. Never throws. Refusals: `body-not-utf8`, `body-not-json`, `invalid-field` (no object);
 * a body without a write key has an empty one.
 */
export function parseVisitBody(bytes: Buffer): ParsedRequest | RefusedRequest {
  if (!isUtf8(bytes)) return refusedRequest('body-not-utf8', 'the body holds bytes that are not UTF-8');
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch {
    return refusedRequest('body-not-json', bytes.length === 0 ? 'the body is empty' : 'the body cannot be parsed as JSON');
  }
  if (!isJsonObject(body)) return refusedRequest('invalid-field', 'the body is not an object');
  const { writeKey } = body;
  return { kind: 'parsed', writeKey: typeof writeKey === 'string' ? writeKey : '', body };
}

/** The write key that a body names which cannot be parsed; empty text without one. So it is known whose it is. */
export const writeKeyInText = (bytes: Buffer): string =>
  WRITE_KEY_IN_TEXT.exec(bytes.subarray(0, SEARCHED_CHARS).toString('latin1'))?.[1] ?? '';

/** Whether a text can be a visitor's id: 8–128 of `A–Z a–z 0–9 . _ ~ -`, and no placeholder. */
export const isVisitorId = (text: string): boolean => VISITOR_ID.test(text) && !isPlaceholder(text);

/** Text as it is, cut and repaired where needed; empty for what is no text or number. */
export function plainText(value: unknown, maxChars: number): string {
  if (typeof value === 'string' && value.length <= maxChars && value.isWellFormed() && !value.includes('\0')) return value;
  return value === true ? '' : textOf(value, maxChars);
}

/** A visitor's answer, null where there is none; undefined for what is no answer. */
export function consentOf(value: unknown): ConsentAnswer | null | undefined {
  if (value === undefined || value === null) return null;
  const ads = isJsonObject(value) ? value['ads'] : undefined;
  return ads === 'granted' || ads === 'denied' || ads === 'unknown' ? ads : ads === undefined && isJsonObject(value) ? null : undefined;
}

/** Whether identifiers may be kept. */
export const allowsIdentifiers = (consent: ConsentAnswer, isConsentRequired: boolean): boolean =>
  consent === 'granted' || (consent === 'unknown' && !isConsentRequired);
