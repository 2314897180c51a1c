import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { couponHash, productHash, resourceCanon } from './catalog-content.js';
import { catalogKey, isResourceId, isResourceName, type CouponContent, type ProductContent } from './catalog.events.js';
import { asConnectionId, asTenantId } from './ids.js';
import { partitionOf } from './partition.js';

const golden = <T>(name: string): T => JSON.parse(readFileSync(join(__dirname, `../../../test/fixtures/golden/${name}.json`), 'utf8')) as T;

interface GoldenKey {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly resource: string;
  readonly resourceId: string;
  readonly key: string;
  readonly of12: number;
  readonly of48: number;
}

const hashes = golden<{
  readonly products: readonly { readonly content: ProductContent; readonly hash: string }[];
  readonly coupons: readonly { readonly content: CouponContent; readonly hash: string }[];
}>('catalog-hash');

describe('keys', () => {
  it.each(golden<readonly GoldenKey[]>('catalog-key'))(
    '$key is kept for ever',
    ({ tenantId, connectionId, resource, resourceId, key, of12, of48 }) => {
      const made = catalogKey({ tenantId: asTenantId(tenantId), connectionId: asConnectionId(connectionId), resource, resourceId });
      expect([made, partitionOf(made, 12), partitionOf(made, 48)]).toEqual([key, of12, of48]);
    },
  );

  it('take neither colons nor mail addresses', () => {
    expect(['17', 'sub_12', 'A-1.b'].every(isResourceId)).toBe(true);
    expect(['', 'a:b', 'maria@example.com', 'a b', 'x'.repeat(101)].some(isResourceId)).toBe(false);
    expect(['product', 'price-list', 'a1'].every(isResourceName)).toBe(true);
    expect(['', 'Product', '1a', 'a:b', 'a.b'].some(isResourceName)).toBe(false);
  });
});

describe('content hashes', () => {
  it.each(hashes.products)('$content.name: $hash', ({ content, hash }) => expect(productHash(content)).toBe(hash));
  it.each(hashes.coupons)('$content.code: $hash', ({ content, hash }) => expect(couponHash(content)).toBe(hash));

  const product = hashes.products[0]!.content;
  const coupon = hashes.coupons[0]!.content;

  it('do not mind how a number is spelt', () => {
    expect(productHash({ ...product, weight: `${product.weight}0`, price: `${product.price}.00` })).toBe(productHash(product));
  });

  it('mind every field', () => {
    const changed = (content: object): object[] =>
      Object.entries(content).map(([key, value]: [string, unknown]) => ({
        ...content,
        [key]: typeof value === 'boolean' ? !value : 'other',
      }));
    for (const other of changed(product)) expect(productHash(other as ProductContent)).not.toBe(productHash(product));
    for (const other of changed(coupon)) expect(couponHash(other as CouponContent)).not.toBe(couponHash(coupon));
  });

  it('of custom resources mind neither order, links nor modification dates', () => {
    const body = { id: 1, total: '2', lines: [{ b: 1, a: 2 }], _links: {}, date_modified: 'x' };
    expect(resourceCanon({ lines: [{ a: 2, b: 1 }], total: '2', id: 1, date_modified_gmt: 'y' })).toBe(resourceCanon(body));
    expect(resourceCanon({ ...body, total: '3' })).not.toBe(resourceCanon(body));
  });
});
