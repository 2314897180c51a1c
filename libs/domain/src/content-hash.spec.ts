import { orderContent, orderPersonal } from '../../../test/builders/order.builder.js';
import { contentHash } from './content-hash.js';

/** Reverses the order of keys, however deep. */
function withKeysReversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withKeysReversed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, field]: [string, unknown]) => [key, withKeysReversed(field)]),
  ) as T;
}

const content = orderContent();
const personal = orderPersonal();
const hash = contentHash(content, personal);
const [firstLine, secondLine] = content.lines;

describe('contentHash', () => {
  it('is what it was when the first order was written', () => {
    expect(hash).toBe('df88c9988d9b75394e30631d1047c73c42246509809b8479f3dc46e4bb753eea');
  });

  it.each([
    ['the order of keys', withKeysReversed(content), withKeysReversed(personal)],
    ['the spelling of amounts', { ...content, total: '38563.00', totalTax: '-0', shippingTotal: '02990' }, personal],
    ['the spelling of quantities', { ...content, lines: [{ ...firstLine!, quantity: '2.000' }, secondLine!] }, personal],
    ['fields that are not the order’s', { ...content, modifiedAt: 5, asOf: 6, eventId: 'x' }, personal],
    ['the order of attribution', content, { ...personal, attribution: withKeysReversed(personal.attribution) }],
  ])('does not depend on %s', (_, otherContent, otherPersonal) => {
    expect(contentHash(otherContent, otherPersonal)).toBe(hash);
  });

  it('sorts refunds by id, as numbers', () => {
    const [older, newer] = [
      { refundId: '9', total: '-1' },
      { refundId: '10', total: '-2' },
    ];
    const inOrder = contentHash({ ...content, refunds: [older, newer] }, personal);
    expect(contentHash({ ...content, refunds: [newer, older] }, personal)).toBe(inOrder);
    expect(inOrder).not.toBe(hash);
  });

  it.each([
    ['the status', { ...content, status: 'completed' }, personal],
    ['an amount', { ...content, total: '38563.01' }, personal],
    ['the sign of an amount', { ...content, discountTotal: '-3597' }, personal],
    ['the order of lines', { ...content, lines: [secondLine!, firstLine!] }, personal],
    ['a line', { ...content, lines: [firstLine!] }, personal],
    ['a refund', { ...content, refunds: [{ refundId: '9', total: '-1' }] }, personal],
    ['the payment date', { ...content, paidAt: null }, personal],
    ['the mail address', content, { ...personal, billing: { ...personal.billing, email: 'ana@example.com' } }],
    ['the ip', content, { ...personal, customerIp: '' }],
    ['the attribution', content, { ...personal, attribution: { utm_source: 'x' } }],
    ['the form of a letter', content, { ...personal, billing: { ...personal.billing, firstName: 'Zoë'.normalize('NFD') } }],
  ])('depends on %s', (_, otherContent, otherPersonal) => {
    expect(contentHash(otherContent, otherPersonal)).not.toBe(hash);
  });

  it('takes every spelling of a number for the number that it is', () => {
    const ofTotal = (total: string): string => contentHash({ ...content, total }, personal);
    for (const [canonical, ...others] of [
      ['0', '0.00', '-0', '-0.0', '00'],
      ['10', '10.0', '10.00', '010', '10.000'],
      ['100', '100.00', '0100'],
      ['0.5', '0.50', '00.5'],
      ['-7.77', '-7.770', '-07.77'],
    ] as const) {
      expect(new Set([canonical, ...others].map(ofTotal))).toEqual(new Set([ofTotal(canonical)]));
    }
    expect(ofTotal('10')).not.toBe(ofTotal('100'));
  });

  it('hashes a text in place of a number rather than throwing', () => {
    expect(contentHash({ ...content, total: 'ten' }, personal)).toMatch(/^[0-9a-f]{64}$/);
  });
});
