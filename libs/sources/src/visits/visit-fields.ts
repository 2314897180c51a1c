import { isDecimalText, type DecimalText, type VisitCommerce, type VisitContent } from '@tributary/domain';
import { isJsonObject, type JsonObject } from '../woocommerce/body-reader.js';
import { plainText } from './visit-body.js';

/** Keeps the first thing that makes an event unreadable, as `<field> <what is wrong>`: never a value of it. */
export class FirstProblem {
  text: string | null = null;

  add(problem: string): null {
    this.text ??= problem;
    return null;
  }
}

/** Codes and names; longer ones are cut. */
const MAX_TEXT_CHARS = 300;
const MAX_CONTENTS = 200;
const MAX_PROPERTIES = 50;
const MAX_PROPERTY_CHARS = 1_000;
const MAX_AGE_MS = 7 * 24 * 3_600_000;
const MAX_AHEAD_MS = 10 * 60_000;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const CURRENCY = /^[A-Za-z]{3}$/;
const PROPERTY_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const LOCALE = /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$/;

/** Epoch milliseconds of an RFC 3339 text or of epoch milliseconds; null for anything else. */
export function momentOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? value : null;
  if (typeof value !== 'string' || value.length > 40 || !RFC_3339.test(value)) return null;
  const moment = Date.parse(value);
  return Number.isNaN(moment) || moment <= 0 ? null : moment;
}

/** Why an event of that moment is not taken: 7 days back and 10 minutes ahead (browsers' clocks are wrong) are. */
export function untimely(occurredAt: number, receivedAt: number): 'event-too-old' | 'event-in-the-future' | null {
  if (occurredAt < receivedAt - MAX_AGE_MS) return 'event-too-old';
  return occurredAt > receivedAt + MAX_AHEAD_MS ? 'event-in-the-future' : null;
}

/** A short text, cut; empty when absent. */
export const shortText = (event: JsonObject, key: string): string => plainText(event[key], MAX_TEXT_CHARS).trim();

/** A short text, null when absent. */
export const optionalText = (event: JsonObject, key: string): string | null => shortText(event, key) || null;

/** BCP 47, else empty. */
export function localeOf(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : '';
  return LOCALE.test(text) ? text.replaceAll('_', '-') : '';
}

function amountOf(node: JsonObject, key: string, at: string, problem: FirstProblem): DecimalText | null {
  const value = node[key];
  if (value === undefined || value === null || value === '') return null;
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  return isDecimalText(text) && !text.startsWith('-') ? text : problem.add(`${at}${key} is not a decimal number`);
}

function contentOf(value: unknown, index: number, problem: FirstProblem): VisitContent | null {
  const at = `contents[${index}]`;
  if (!isJsonObject(value)) return problem.add(`${at} is not an object`);
  const contentId = shortText(value, 'contentId');
  if (contentId === '') return problem.add(`${at}.contentId is missing`);
  return {
    contentId,
    name: shortText(value, 'name'),
    category: shortText(value, 'category'),
    brand: shortText(value, 'brand'),
    price: amountOf(value, 'price', `${at}.`, problem),
    quantity: amountOf(value, 'quantity', `${at}.`, problem),
  };
}

function contentsOf(value: unknown, problem: FirstProblem): readonly VisitContent[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problem.add('contents is not a list');
    return [];
  }
  if (value.length > MAX_CONTENTS) {
    problem.add(`contents has more than ${MAX_CONTENTS} elements`);
    return [];
  }
  const contents: VisitContent[] = [];
  for (const [index, item] of (value as unknown[]).entries()) {
    const content = contentOf(item, index, problem);
    if (content !== null) contents.push(content);
  }
  return contents;
}

/** What an event was about; amounts may be decimal texts or numbers and are never negative. */
export function commerceOf(event: JsonObject, problem: FirstProblem): VisitCommerce {
  const contentType = optionalText(event, 'contentType');
  const currency = shortText(event, 'currency');
  if (contentType !== null && contentType !== 'product' && contentType !== 'product_group')
    problem.add('contentType is neither product nor product_group');
  if (currency !== '' && !CURRENCY.test(currency)) problem.add('currency is not a currency code');
  return {
    contentType,
    contents: contentsOf(event['contents'], problem),
    value: amountOf(event, 'value', '', problem),
    currency: currency === '' ? null : currency.toUpperCase(),
  };
}

const NONE: Readonly<Record<string, string>> = {};

/** Further properties of a page's own: texts, numbers and booleans by name; everything else is passed over. */
export function propertiesOf(value: unknown, problem: FirstProblem): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return NONE;
  if (!isJsonObject(value)) {
    problem.add('properties is not an object');
    return NONE;
  }
  const entries = Object.entries(value);
  if (entries.length > MAX_PROPERTIES) {
    problem.add(`properties has more than ${MAX_PROPERTIES} fields`);
    return NONE;
  }
  const properties: Record<string, string> = {};
  for (const [name, property] of entries) {
    const text = typeof property === 'boolean' ? String(property) : plainText(property, MAX_PROPERTY_CHARS);
    if (PROPERTY_NAME.test(name) && name !== '__proto__' && text !== '') properties[name] = text;
  }
  return properties;
}
