import { maskRejected } from './rejected-masking.js';

it('shows the shape and what is harmless, and describes everything else', () => {
  const body = {
    id: 7,
    status: 'processing',
    total: 'a lot',
    currency: 'CLP',
    billing: { email: 'zoe@example.com', phone: null, city: 'Quito' },
    line_items: [{ id: 1, name: 'Zoe’s mug', quantity: 2, price: 9.5, meta_data: [{ id: 1, key: 'k', value: 'Zoe' }] }],
    meta_data: [{ id: 2, key: 'cdp_id', value: { deep: 'visitor' } }],
  };
  expect(maskRejected(body)).toEqual({
    id: 7,
    status: 'processing',
    total: '… (text of 5)',
    currency: 'CLP',
    billing: { email: '… (text of 15)', phone: null, city: '… (text of 5)' },
    line_items: [
      { id: 1, name: '… (text of 9)', quantity: 2, price: 9.5, meta_data: [{ id: 1, key: '… (text of 1)', value: '… (text of 3)' }] },
    ],
    meta_data: [{ id: 2, key: '… (text of 6)', value: { deep: '… (text of 7)' } }],
  });
});

it.each([
  ['a text where an id belongs', { id: 'zoe@example.com' }, { id: '… (text of 15)' }],
  ['a name of a field that somebody typed', { 'Zoe Example': 1 }, { '… (name of 11)': '… (number)' }],
  ['a bare text', 'zoe', '… (text of 3)'],
  ['nothing', null, null],
])('%s', (_what, body, shown) => {
  expect(maskRejected(body)).toEqual(shown);
});

it('is bounded in depth and in length', () => {
  const deep = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) as unknown;
  expect(JSON.stringify(maskRejected(deep))).toContain('nested deeper');
  expect(maskRejected(Array.from({ length: 25 }, () => ({})))).toHaveLength(21);
});
