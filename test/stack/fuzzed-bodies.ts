import fc from 'fast-check';
import { allCaptures, shiftDates } from '../builders/captured-webhooks.js';

type Json = unknown;
type Path = readonly (string | number)[];

export interface FuzzedBody {
  readonly topic: string;
  readonly rawBody: Buffer;
}

/** What may stand where something else was expected. */
const odd = fc.oneof(
  fc.constantFrom<Json>(null, true, false, '', 0, -1, 1.5, 1e21, 9e15, [], {}, [[]], '\0', '\uD800', '１２', '+0', { '0': { id: 1 } }),
  fc.constantFrom<Json>('2026-02-30T00:00:00', '0000-00-00T00:00:00', '1e3', '9'.repeat(400), 'x'.repeat(20_000), [null], '<b>x</b>'),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

/** Every place of a body, deepest last. */
function pathsOf(value: Json, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, field]) => pathsOf(field, [...at, Array.isArray(value) ? Number(key) : key]))];
}

function put(target: Json, path: Path, value: Json, isRemoved: boolean): Json {
  const key = path.at(-1);
  if (key === undefined) return value;
  const parent = path
    .slice(0, -1)
    .reduce<Json>((node, step) => (typeof node === 'object' && node !== null ? (node as Record<string, Json>)[step] : null), target);
  if (typeof parent !== 'object' || parent === null) return target;
  if (isRemoved) delete (parent as Record<string, Json>)[key];
  else (parent as Record<string, Json>)[key] = value;
  return target;
}

interface Base {
  readonly topic: string;
  readonly text: string;
  readonly paths: readonly Path[];
}

/** Captured bodies that happened an hour before `nowMs`. */
function basesOf(nowMs: number): readonly Base[] {
  return allCaptures()
    .filter(({ secret }) => secret !== null)
    .map((capture) => {
      const text = shiftDates(capture, nowMs - 3_600_000).rawBody.toString('utf8');
      return { topic: capture.headers['x-wc-webhook-topic'] ?? '', text, paths: pathsOf(JSON.parse(text) as Json) };
    });
}

/** Most get an order id of their own, so that they do not all tell of the same few orders. */
const orderId = fc.option(fc.integer({ min: 100_000, max: 99_999_999 }), { nil: null, freq: 10 });
const withId = (text: string, id: number | null): string => (id === null ? text : text.replace(/^\{"id":\d+/, `{"id":${id}`));

const changedFields = (bases: readonly Base[]): fc.Arbitrary<FuzzedBody> =>
  fc
    .tuple(
      fc.constantFrom(...bases),
      fc.array(fc.record({ place: fc.nat(), value: odd, isRemoved: fc.boolean() }), { minLength: 1, maxLength: 5 }),
      orderId,
    )
    .map(([{ topic, text, paths }, changes, id]) => {
      const body = changes.reduce<Json>(
        (target, { place, value, isRemoved }) => put(target, paths[place % paths.length] ?? [], structuredClone(value), isRemoved),
        JSON.parse(withId(text, id)) as Json,
      );
      return { topic, rawBody: Buffer.from(JSON.stringify(body)) };
    });

const changedBytes = (bases: readonly Base[]): fc.Arbitrary<FuzzedBody> =>
  fc
    .tuple(fc.constantFrom(...bases), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }), fc.nat(), orderId)
    .map(([{ topic, text }, bytes, cut, id]) => {
      const rawBody = Buffer.from(withId(text, id));
      for (const [offset, byte] of bytes) rawBody[offset % rawBody.length] = byte;
      return { topic, rawBody: cut % 4 === 0 ? rawBody.subarray(0, cut % rawBody.length) : rawBody };
    });

const anything: fc.Arbitrary<FuzzedBody> = fc
  .oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
  )
  .map((rawBody) => ({ topic: 'order.updated', rawBody }));

/** The same bodies for the same seed: captured ones with changed fields or bytes, and some of nobody's making. */
export const fuzzedBodies = (count: number, seed: number, nowMs: number): readonly FuzzedBody[] => {
  const bases = basesOf(nowMs);
  const body = fc.oneof(
    { weight: 6, arbitrary: changedFields(bases) },
    { weight: 3, arbitrary: changedBytes(bases) },
    { weight: 1, arbitrary: anything },
  );
  return fc.sample(body, { numRuns: count, seed });
};
