import { destination, line, NOW, orderState, source, tenant } from '../purchase.builder.js';
import { tiktokDestination } from '../tiktok.destination.js';
import type { DeliveryPlan, OrderObserved } from '@tributary/domain';

function planOf(order: Partial<OrderObserved>, purchase: object): DeliveryPlan {
  const [decision] = tiktokDestination.plan(orderState(order), tenant, source, destination({ purchase }), NOW, []);
  if (decision?.kind !== 'plan') throw new Error(`expected a plan, got ${JSON.stringify(decision)}`);
  return decision.plan;
}
const converting = (to: string, from: string, rate: string | number): object => ({
  currency: `convert:${to}`,
  rates: { [from]: { rate, date: '2026-11-20' } },
});

describe('currencies', () => {
  it.each<[string, string, string, string | number, string, string]>([
    ['zero decimals into two', 'CLP', 'USD', '0.00105', '45815', '48.11'],
    ['two decimals into zero', 'USD', 'JPY', 154.37, '10.01', '1545'],
    ['two decimals into three', 'USD', 'KWD', '0.30711', '19.99', '6.139'],
    ['a half is rounded up', 'USD', 'JPY', '1', '10.50', '11'],
    ['a currency that TikTok does not take', 'BYN', 'EUR', '0.29', '100.00', '29'],
    ['amounts that floats get wrong', 'USD', 'EUR', '1.1', '0.15', '0.17'],
    ['a free order', 'CLP', 'USD', '0.00105', '0', '0'],
  ])('%s', (_what, from, to, rate, total, value) => {
    expect(planOf({ currency: from, total }, converting(to, from, rate))).toMatchObject({
      value,
      currency: to,
      rate: String(rate),
      rateDate: '2026-11-20',
    });
  });

  it('prices are converted as the value is, before they are divided', () => {
    const order = { currency: 'CLP', lines: [line({ total: '10000', quantity: '3' })] };
    expect(planOf(order, converting('USD', 'CLP', '0.001')).lines).toMatchObject([{ unitPrice: '3.333333', quantity: 3 }]);
  });

  it.each([
    ['the settings convert nothing', 'CLP', { rates: { CLP: { rate: '0.001', date: '2026-11-20' } } }],
    ['the order has the target’s currency', 'USD', converting('USD', 'USD', '2')],
    ['there is no rate for it', 'EUR', converting('USD', 'CLP', '0.001')],
  ])('stays the order’s own when %s', (_what, currency, purchase) => {
    expect(planOf({ currency, total: '10.00' }, purchase)).toMatchObject({ value: '10', currency, rate: null, rateDate: null });
  });

  it.each(['BYN', 'constructor'])('%s without a rate: no amount at all, never another label', (currency) => {
    expect(planOf({ currency }, converting('USD', 'CLP', '0.001'))).toMatchObject({ value: null, currency: null, rate: null });
  });

  it('keeps three decimals of a currency that has them', () => {
    expect(planOf({ currency: 'KWD', total: '1.235' }, {})).toMatchObject({ value: '1.235', currency: 'KWD' });
  });
});

describe('content ids', () => {
  const ids = (purchase: object, fields: Parameters<typeof line>[0] = {}): readonly [string | undefined, string] => {
    const plan = planOf({ lines: [line(fields)] }, purchase);
    return [plan.lines[0]?.contentId, plan.contentType];
  };

  it.each<[object, string, string]>([
    [{}, 'MUG-BLUE', 'product'],
    [{ contentId: 'variation-id' }, '15', 'product'],
    [{ contentId: 'product-id' }, '14', 'product_group'],
    [{ contentId: 'product-id', contentIdPrefix: 'gla_' }, 'gla_14', 'product_group'],
    [{ contentIdPrefix: 'shop-' }, 'shop-MUG-BLUE', 'product'],
  ])('%j', (purchase, contentId, contentType) => expect(ids(purchase)).toEqual([contentId, contentType]));

  it('name a product without variations as itself', () => {
    expect(ids({ contentId: 'product-id' }, { variationId: '0' })).toEqual(['14', 'product']);
    expect(ids({ contentId: 'variation-id' }, { variationId: '0' })).toEqual(['14', 'product']);
  });

  it('put no prefix before what is no id of the catalog', () => {
    const gone = { sku: '', variationId: '0', productId: '0' };
    expect(ids({ contentIdPrefix: 'gla_' }, gone)[0]).toBe('line-11');
  });
});
