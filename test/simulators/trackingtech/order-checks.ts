type JsonObject = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string' && value !== '';
const amount: Check = (value) => typeof value === 'number' && value >= 0;
const weight: Check = (value) => typeof value === 'number' && value > 0;
const country: Check = (value) => typeof value === 'string' && /^[A-Z]{2}$/.test(value);
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

type Fields = Readonly<Record<string, readonly [isNeeded: boolean, check: Check]>>;

const ORDER: Fields = {
  order_id: [true, text],
  order_number: [true, text],
  customer_id: [true, text],
  store_id: [true, text],
  lines: [true, (value) => Array.isArray(value) && value.length > 0],
  currency: [true, (value) => typeof value === 'string' && /^[A-Z]{3}$/.test(value)],
  total_weight: [false, weight],
  shipping: [true, isObject],
  email: [false, text],
  phone: [false, text],
  note: [false, text],
};
const LINE: Fields = {
  name: [true, (value) => typeof value === 'string'],
  sku: [false, text],
  quantity: [true, (value) => Number.isInteger(value) && Number(value) > 0],
  price: [true, amount],
  weight: [false, weight],
  total_weight: [false, weight],
};
const SHIPPING: Fields = {
  name: [true, text],
  company: [false, text],
  address_1: [true, text],
  address_2: [false, text],
  city: [true, text],
  state: [false, text],
  postcode: [false, text],
  country: [true, country],
};

type Problem = readonly [field: string, problem: string];

function problemsOf(value: unknown, fields: Fields, path: string): readonly Problem[] {
  if (!isObject(value)) return [[path, 'is no object']];
  const at = (field: string): string => (path === '' ? field : `${path}.${field}`);
  return [
    ...Object.keys(value)
      .filter((field) => !Object.hasOwn(fields, field))
      .map((field): Problem => [at(field), 'is not a field of this call']),
    ...Object.entries(fields).flatMap(([field, [isNeeded, check]]): Problem[] => {
      if (!Object.hasOwn(value, field)) return isNeeded ? [[at(field), 'is missing']] : [];
      return check(value[field]) ? [] : [[at(field), 'is not valid']];
    }),
  ];
}

/** What the contract refuses about an order, by field; empty when it takes it. */
export function orderProblems(body: unknown): Readonly<Record<string, string[]>> {
  const order = problemsOf(body, ORDER, '');
  const nested = isObject(body)
    ? [
        ...(isObject(body['shipping']) ? problemsOf(body['shipping'], SHIPPING, 'shipping') : []),
        ...(Array.isArray(body['lines'])
          ? (body['lines'] as unknown[]).flatMap((line, index) => problemsOf(line, LINE, `lines.${index}`))
          : []),
      ]
    : [];
  return Object.fromEntries([...order, ...nested].map(([field, problem]) => [field, [problem]]));
}
