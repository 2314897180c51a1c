import fc from 'fast-check';
import { allCaptures } from '../../../../test/builders/captured-webhooks.js';
import { isResourceId, REASONS } from '@tributary/domain';
import { shopItemOf } from './catalog/catalog.facts.js';
import { readWebhook, type WebhookReading } from './woocommerce-order.source.js';

type Json = unknown;
type Path = readonly (string | number)[];

const bodies = allCaptures()
  .filter(({ secret }) => secret !== null)
  .map(({ headers, rawBody }) => ({ topic: headers['x-wc-webhook-topic'], text: rawBody.toString('utf8') }));

/** Stands for whatever somebody could have typed: it must come out nowhere but in the sealed part. */
const PERSONAL = 'Zoë O’Higgins zoe@example.com';

const odd = fc.oneof(
  fc.constantFrom<Json>(null, true, false, '', 0, -1, 1.5, 1e21, 9e15, [], {}, [[]], '\0', '\uD800', PERSONAL, { [PERSONAL]: PERSONAL }, [
    PERSONAL,
  ]),
  fc.constantFrom<Json>('2026-02-30T00:00:00', '0000-00-00T00:00:00', '1e3', '9'.repeat(400), 'x'.repeat(20_000), { '0': { id: 1 } }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

/** Every place of a body, deepest last. */
function pathsOf(value: Json, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, field]) => pathsOf(field, [...at, Array.isArray(value) ? Number(key) : key]))];
}

const pathsOfBody = new Map(bodies.map(({ text }) => [text, pathsOf(JSON.parse(text))]));

function put(target: Json, path: Path, value: Json, isRemoved: boolean): Json {
  const parent = path
    .slice(0, -1)
    .reduce<Json>((node, key) => (typeof node === 'object' && node !== null ? (node as Record<string, Json>)[key] : null), target);
  const key = path.at(-1);
  if (key === undefined) return value;
  if (typeof parent !== 'object' || parent === null) return target;
  if (isRemoved) delete (parent as Record<string, Json>)[key];
  else (parent as Record<string, Json>)[key] = value;
  return target;
}

const mutation = fc.record({ place: fc.nat(), value: odd, isRemoved: fc.boolean() });
const mutatedJson = fc
  .tuple(fc.constantFrom(...bodies), fc.array(mutation, { minLength: 1, maxLength: 6 }))
  .map(([{ text, topic }, mutations]) => {
    const paths = pathsOfBody.get(text)!;
    const body = mutations.reduce<Json>(
      (target, { place, value, isRemoved }) => put(target, paths[place % paths.length]!, structuredClone(value), isRemoved),
      JSON.parse(text),
    );
    return { topic, rawBody: Buffer.from(JSON.stringify(body) ?? '') };
  });

const mutatedBytes = fc
  .tuple(fc.constantFrom(...bodies), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }), fc.nat())
  .map(([{ text, topic }, bytes, cut]) => {
    const rawBody = Buffer.from(text);
    for (const [offset, byte] of bytes) rawBody[offset % rawBody.length] = byte;
    return { topic, rawBody: cut % 3 === 0 ? rawBody.subarray(0, cut % rawBody.length) : rawBody };
  });

const topics = fc.option(
  fc.constantFrom(
    'order.created',
    'order.deleted',
    'product.updated',
    'product.deleted',
    'customer.created',
    'coupon.restored',
    'subscription.updated',
    'action.x',
    'x',
    PERSONAL,
  ),
  { nil: undefined },
);

function proveWellFormed(reading: WebhookReading): void {
  switch (reading.kind) {
    case 'ping':
      expect(reading.webhookId).toMatch(/^\d+$/);
      break;
    case 'deletion':
      expect(reading.orderId).toMatch(/^[1-9]\d*$/);
      break;
    case 'catalog-deletion':
      expect(reading.item.resource).toMatch(/^[a-z][a-z0-9_-]*$/);
      expect(isResourceId(reading.item.id)).toBe(true);
      break;
    case 'catalog': {
      const { resource, id } = shopItemOf(reading.fact);
      expect(resource).toMatch(/^[a-z][a-z0-9_-]*$/);
      expect(isResourceId(id)).toBe(true);
      expect(Number.isSafeInteger(reading.fact.asOf) && Number.isSafeInteger(reading.fact.modifiedAt)).toBe(true);
      break;
    }
    case 'refused':
      expect(Object.keys(REASONS)).toContain(reading.reason);
      // Field names of ours, an index, an error code of WooCommerce: nothing else can be in it.
      expect(reading.detail).toMatch(/^[A-Za-z0-9_.,[\]\- ]{1,160}$/);
      expect(reading.detail).not.toMatch(/zo[eë]|higgins|example/i);
      break;
    case 'order': {
      const { content, personal } = reading;
      expect(content.orderId).toMatch(/^[1-9]\d*$/);
      expect(Number.isSafeInteger(reading.asOf) && Number.isSafeInteger(content.createdAt)).toBe(true);
      expect(reading.contentHash).toMatch(/^[0-9a-f]{64}$/);
      const written = JSON.stringify({ content, personal });
      expect(written.includes('\\u0000') || /\\ud[89a-f]/.test(written)).toBe(false);
      break;
    }
  }
}

describe('a body that somebody or something changed', () => {
  it.each([
    ['in its fields', mutatedJson, 4_000],
    ['in its bytes', mutatedBytes, 2_000],
  ] as const)('%s never throws and is always read as something known', (_, mutated, numRuns) => {
    fc.assert(
      fc.property(mutated, topics, fc.boolean(), ({ topic, rawBody }, otherTopic, isTopicKept) => {
        const headers = { 'x-wc-webhook-topic': isTopicKept ? topic : otherTopic };
        proveWellFormed(readWebhook({ rawBody, headers, receivedAt: 0, defaultCountry: 'CL' }));
      }),
      { numRuns },
    );
  });

  it('is read alike every time', () => {
    fc.assert(
      fc.property(mutatedJson, ({ topic, rawBody }) => {
        const delivery = { rawBody, headers: { 'x-wc-webhook-topic': topic }, receivedAt: 0, defaultCountry: null };
        expect(readWebhook(delivery)).toEqual(readWebhook(delivery));
      }),
      { numRuns: 300 },
    );
  });
});
