/** Why TikTok refuses a request: its code, and a message that names the path (`data.0.event_id`) but never a value. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

export type Check = (value: unknown, path: string) => Refusal | null;
export type JsonObject = Readonly<Record<string, unknown>>;

const INVALID_PARAMETER = 40002;
export const PERSONAL_DATA_NOT_HASHED = 40062;

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

export const refuse = (path: string, problem: string, code = INVALID_PARAMETER): Refusal => ({ code, message: `${path}: ${problem}` });

export function firstRefusal(refusals: Iterable<Refusal | null>): Refusal | null {
  for (const refusal of refusals) if (refusal !== null) return refusal;
  return null;
}

export const text: Check = (value, path) => {
  if (typeof value !== 'string') return refuse(path, 'expected a string');
  return value.trim() === '' ? refuse(path, 'must not be empty') : null;
};

export const number: Check = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? null : refuse(path, 'expected a number, zero or more');

export const wholeNumber: Check = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 ? null : refuse(path, 'expected an integer, one or more');

export const flag: Check = (value, path) => (typeof value === 'boolean' ? null : refuse(path, 'expected a boolean'));

export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, path) =>
    typeof value === 'string' && allowed.includes(value) ? null : refuse(path, `expected one of ${allowed.join(', ')}`);

/** Every check in turn; the first that refuses decides. */
export const all =
  (...checks: readonly Check[]): Check =>
  (value, path) => {
    for (const check of checks) {
      const refusal = check(value, path);
      if (refusal !== null) return refusal;
    }
    return null;
  };

export const listOf =
  (check: Check, maxItems = 1000): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length === 0) return refuse(path, 'expected an array with at least one item');
    if (value.length > maxItems) return refuse(path, `at most ${maxItems} items are allowed`);
    return firstRefusal(value.map((item: unknown, index) => check(item, `${path}.${index}`)));
  };

export const oneOrMany =
  (check: Check): Check =>
  (value, path) =>
    Array.isArray(value) ? listOf(check)(value, path) : check(value, path);

export interface Shape {
  readonly fields: Readonly<Record<string, Check>>;
  readonly required: readonly string[];
}

/** An object with exactly these fields; an empty object says nothing and is refused. */
export const objectOf =
  ({ fields, required }: Shape): Check =>
  (value, path) => {
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
    if (!isObject(value)) return refuse(path || 'body', 'expected an object');
    const names = Object.keys(value);
    if (names.length === 0) return refuse(path || 'body', 'must not be empty');
    const missing = required.find((name) => !Object.hasOwn(value, name));
    const unknown = names.find((name) => !Object.hasOwn(fields, name));
    if (unknown !== undefined) return refuse(at(unknown), 'unknown parameter');
    if (missing !== undefined) return refuse(at(missing), 'missing required parameter');
    return firstRefusal(names.map((name) => fields[name]?.(value[name], at(name)) ?? null));
  };
