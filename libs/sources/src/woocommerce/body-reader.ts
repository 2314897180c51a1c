import { isDecimalText, type DecimalText } from '@tributary/domain';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Names, addresses, codes: longer texts are cut here. */
const MAX_TEXT_CHARS = 1_000;
/** URLs, user agents and notes. */
export const MAX_LONG_TEXT_CHARS = 8_000;

/** Of lines, fees and refunds. Empty elements cost three bytes in a body and many times that in the log, whose records are limited. */
const MAX_LIST_ELEMENTS = 20_000;

const NEEDS_REPAIR = /[\0\p{Surrogate}]/u;
const ID = /^(?:0|[1-9]\d{0,15})$/;
const GMT_DATE = /^\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z?$/;

/** Keeps the first thing that makes a body unreadable, as `<path> <what is wrong>`: never a value of the body. */
export class Complaints {
  first: string | null = null;

  add(at: string, key: string, problem: string): void {
    this.first ??= `${at}${key} ${problem}`;
  }
}

/** A JSON object, neither null nor a list. */
export const isJsonObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** PHP writes an empty object as `[]` and a missing one as null: both read as an object without fields. */
export const objectOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '' || value === false;

/**
 * Any scalar as text, at most `maxChars` UTF-16 units: NUL stripped (Postgres refuses it), lone surrogates replaced by U+FFFD,
 * then cut without splitting a pair. Lists, objects, null and what JSON cannot hold are the empty text; true is `1` as in PHP.
 */
export function textOf(value: unknown, maxChars: number = MAX_TEXT_CHARS): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (value === true) return '1';
  if (typeof value !== 'string') return '';
  const repaired = NEEDS_REPAIR.test(value) ? value.replace(/\0/g, '').replace(/\p{Surrogate}/gu, '\uFFFD') : value;
  if (repaired.length <= maxChars) return repaired;
  const lastUnit = repaired.charCodeAt(maxChars - 1);
  const isPairSplit = lastUnit >= 0xd800 && lastUnit <= 0xdbff;
  return repaired.slice(0, isPairSplit ? maxChars - 1 : maxChars);
}

/** A decimal id as text, `"0"` when there is none; null for what is no safe, non-negative integer. */
export function idOf(value: unknown): string | null {
  if (isAbsent(value)) return '0';
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : null;
  return typeof value === 'string' && ID.test(value) && Number.isSafeInteger(Number(value)) ? value : null;
}

/** An optional id; complains about what cannot be read. */
export function readId(node: JsonObject, key: string, at: string, complaints: Complaints): string {
  const id = idOf(node[key]);
  if (id === null) complaints.add(at, key, 'is not an id');
  return id ?? '0';
}

/** An amount as the shop wrote it; `"0"` when absent, unless it is required. */
export function readDecimal(node: JsonObject, key: string, at: string, complaints: Complaints, isRequired = false): DecimalText {
  const value = node[key];
  if (isAbsent(value)) {
    if (isRequired) complaints.add(at, key, 'is missing');
    return '0';
  }
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
  if (isDecimalText(text)) return text;
  complaints.add(at, key, 'is not a decimal number');
  return '0';
}

/** Epoch milliseconds of a `*_gmt` date: UTC although WooCommerce writes no `Z`; null for any other text or a day that does not exist. */
function gmtDateOf(text: string): number | null {
  if (!GMT_DATE.test(text)) return null;
  const date = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
  // JavaScript takes 30 February for 2 March.
  const isOtherDay = new Date(date).getUTCDate() !== Number(text.slice(8, 10));
  return isOtherDay || date < 0 ? null : date;
}

/** An optional date; null when absent. */
export function readDate(node: JsonObject, key: string, complaints: Complaints): number | null {
  const value = node[key];
  if (isAbsent(value)) return null;
  const date = typeof value === 'string' ? gmtDateOf(value) : null;
  if (date === null) complaints.add('', key, 'is not a date');
  return date;
}

/** A list's objects, each with its path. PHP writes a list with gaps as an object of its elements; absent is empty. */
export function readObjects(node: JsonObject, key: string, complaints: Complaints): readonly JsonObject[] {
  const value = node[key];
  if (isAbsent(value)) return [];
  if (typeof value !== 'object' || value === null) {
    complaints.add('', key, 'is not a list');
    return [];
  }
  const elements: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  if (elements.length > MAX_LIST_ELEMENTS) {
    complaints.add('', key, `has more than ${MAX_LIST_ELEMENTS} elements`);
    return [];
  }
  const objects: JsonObject[] = [];
  for (const element of elements) {
    if (isJsonObject(element)) objects.push(element);
    else complaints.add('', `${key}[${objects.length}]`, 'is not an object');
  }
  return objects;
}

/** `true`, `1`, `"yes"` and their like as PHP plugins write them. */
export const isTrue = (value: unknown): boolean => value === true || value === 1 || value === '1' || value === 'true' || value === 'yes';
