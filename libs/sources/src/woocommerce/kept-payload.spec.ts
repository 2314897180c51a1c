import { orderBody } from '../../../../test/builders/order.builder.js';
import { phpJson, webhookSignature } from '../../../../test/builders/php-json.js';
import { loadCapture } from '../../../../test/builders/captured-webhooks.js';
import { shopItemOf } from './catalog/catalog.facts.js';
import { readKeptPayload, type KeptPayload } from './kept-payload.js';

const SECRET = 'secret-of-the-shop';
const context = { webhookSecrets: [SECRET], storeUrl: 'https://shop.example', defaultCountry: 'CL' };
const body = Buffer.from(phpJson(orderBody({ id: 7 })));
const kept = (overrides: Partial<KeptPayload> = {}): KeptPayload => {
  const payload = overrides.payload ?? body;
  return {
    payload,
    sizeBytes: payload.length,
    source: 'webhook',
    topic: 'order.updated',
    reason: 'invalid-field',
    detail: '',
    signature: null,
    receivedAt: 1_000,
    ...overrides,
  };
};

it('takes what this release can read', () => {
  expect(readKeptPayload(kept(), context)).toMatchObject({ kind: 'order', content: { orderId: '7' } });
});

it('refuses with the reason of today what cannot be read today', () => {
  expect(readKeptPayload(kept({ payload: Buffer.from('{}'), reason: 'not-an-order' }), context)).toMatchObject({
    kind: 'refused',
    reason: 'invalid-field',
  });
});

describe('what was wrongly signed', () => {
  const signed = webhookSignature(body, SECRET);

  it('is taken when its signature matches the present secret', () => {
    expect(readKeptPayload(kept({ reason: 'bad-signature', signature: signed }), context)).toMatchObject({ kind: 'order' });
  });

  it.each([
    ['another signature', webhookSignature(body, 'another')],
    ['no signature', null],
  ])('stays refused with %s', (_what, signature) => {
    expect(readKeptPayload(kept({ reason: 'bad-signature', signature }), context)).toMatchObject({
      kind: 'refused',
      reason: 'bad-signature',
    });
  });

  it('stays refused when the connection has no secret', () => {
    const without = { ...context, webhookSecrets: [] };
    expect(readKeptPayload(kept({ reason: 'bad-signature', signature: signed }), without)).toMatchObject({ kind: 'refused' });
  });
});

it('takes what another host sent only once the connection is about that host', () => {
  const foreign = kept({ reason: 'foreign-source', detail: 'new.example' });
  expect(readKeptPayload(foreign, context)).toMatchObject({ kind: 'refused', reason: 'foreign-source', detail: 'new.example' });
  expect(readKeptPayload(foreign, { ...context, storeUrl: 'https://www.new.example' })).toMatchObject({ kind: 'order' });
});

it('reads nothing of what was cut', () => {
  expect(readKeptPayload(kept({ sizeBytes: body.length + 1, reason: 'body-too-large' }), context)).toMatchObject({
    kind: 'refused',
    reason: 'body-too-large',
  });
});

it('takes a row of a REST read as of its modification, so that it never hides what came after', () => {
  const reading = readKeptPayload(kept({ source: 'rest', topic: 'order.read' }), context);
  if (reading.kind !== 'order') throw new Error('not read');
  expect(reading.asOf).toBe(reading.modifiedAt);
});

it.each([
  ['a row of a REST read', 'rest', 'order.read'],
  ['a webhook', 'webhook', 'order.updated'],
])('never throws: %s that is not JSON', (_what, source, topic) => {
  expect(readKeptPayload(kept({ payload: Buffer.from('{'), source, topic }), context)).toMatchObject({
    kind: 'refused',
    reason: 'body-not-json',
  });
});

it('takes a row of the catalog for what its topic says', () => {
  const { rawBody } = loadCapture('016');
  const reading = readKeptPayload(kept({ source: 'rest', topic: 'product.read', payload: rawBody }), context);
  if (reading.kind !== 'catalog') throw new Error('not read');
  expect(shopItemOf(reading.fact)).toEqual({ resource: 'product', id: '11' });
  expect(reading.fact.asOf).toBe(reading.fact.modifiedAt);
});

it('takes nothing of what says nothing', () => {
  expect(readKeptPayload(kept({ topic: 'action.wc_done', payload: Buffer.from('{"action":"x"}') }), context)).toMatchObject({
    kind: 'refused',
    reason: 'unknown-topic',
  });
  expect(readKeptPayload(kept({ topic: 'order.deleted', payload: Buffer.from('{"id":7}') }), context)).toEqual({
    kind: 'deletion',
    orderId: '7',
  });
});
