export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [field: string]: Json;
}

export const isJsonObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

interface FieldTree {
  readonly [field: string]: FieldTree | true;
}

/** `id,billing.email` as a tree; a parent asked for as a whole wins over its parts. */
function fieldTree(fields: readonly string[]): FieldTree {
  const tree: Record<string, FieldTree | true> = {};
  for (const field of fields) {
    const [head = '', ...rest] = field.split('.');
    if (tree[head] === true) continue;
    const below = rest.length === 0 ? true : fieldTree([rest.join('.')]);
    tree[head] = below === true ? true : { ...tree[head], ...below };
  }
  return tree;
}

function pickTree(value: Json, tree: FieldTree): Json {
  if (Array.isArray(value)) return value.map((element: Json) => pickTree(element, tree));
  if (!isJsonObject(value)) return value;
  const picked: Record<string, Json> = {};
  for (const [field, below] of Object.entries(tree)) {
    const found = value[field];
    if (found !== undefined) picked[field] = below === true ? found : pickTree(found, below);
  }
  return picked;
}

/** What `_fields=a,b.c` leaves of an object. */
export const pickFields = (value: JsonObject, fields: readonly string[]): JsonObject => pickTree(value, fieldTree(fields)) as JsonObject;
