import { seenInOrder } from './sightings.js';

const order = (changes: object = {}) => ({ createdVia: 'checkout', renewalOf: null, consent: 'granted', ...changes });

describe('what an order shows of the shop’s snippet', () => {
  it('is the snippet by its answer about consent, and the cookie by the visitor', () => {
    expect(seenInOrder(order(), { visitorId: 'tto.1' })).toEqual(['checkout-order', 'snippet-order', 'cookie-order']);
    expect(seenInOrder(order({ createdVia: 'store-api', consent: 'unknown' }), { visitorId: '' })).toEqual([
      'checkout-order',
      'snippet-order',
    ]);
    expect(seenInOrder(order({ consent: null }), { visitorId: '' })).toEqual(['checkout-order']);
  });

  it('is the snippet also where an older one wrote the visitor alone', () => {
    expect(seenInOrder(order({ consent: null }), { visitorId: 'tto.1' })).toContain('snippet-order');
  });

  it.each([{ createdVia: 'admin' }, { createdVia: 'rest-api' }, { createdVia: 'subscription' }, { renewalOf: '80' }])(
    'is nothing for %j',
    (changes) => {
      expect(seenInOrder(order(changes), { visitorId: 'tto.1' })).toEqual([]);
    },
  );
});
