import { loadCapture, loadRestRead } from '../../../../../test/builders/captured-webhooks.js';
import { readCatalogItem } from './catalog-body.js';
import type { CatalogFact, CatalogReadContext } from './catalog.facts.js';

const WEBHOOK: CatalogReadContext = { readAt: null, defaultCountry: 'CL' };

const bodyOf = (name: string): Record<string, unknown> => JSON.parse(loadCapture(name).rawBody.toString('utf8')) as Record<string, unknown>;

function read<Kind extends CatalogFact['kind']>(
  kind: Kind,
  resource: string,
  body: unknown,
  context = WEBHOOK,
  parentId: string | null = null,
): Extract<CatalogFact, { kind: Kind }> {
  const fact = readCatalogItem(resource, body, context, parentId);
  if (fact.kind !== kind) throw new Error(`read as ${JSON.stringify(fact)}`);
  return fact as Extract<CatalogFact, { kind: Kind }>;
}

const AT = Date.UTC(2026, 10, 21, 2, 37, 19);

describe('a product', () => {
  it('is read with its weight as the shop wrote it, and without its stock', () => {
    expect(read('product', 'product', bodyOf('016'))).toEqual({
      kind: 'product',
      content: {
        productId: '11',
        parentId: '0',
        productType: 'simple',
        status: 'publish',
        name: 'Café Molido “Ñandú” ☕ 500 g',
        sku: 'CAF-500',
        price: '12990',
        weight: '0.52',
        isVirtual: false,
        isDownloadable: false,
        createdAt: AT,
      },
      modifiedAt: AT,
      asOf: AT,
    });
  });

  it('read by REST is so as of the read', () => {
    expect(read('product', 'product', bodyOf('016'), { ...WEBHOOK, readAt: AT + 60_000 })).toMatchObject({
      modifiedAt: AT,
      asOf: AT + 60_000,
    });
  });

  it('may be a variation in the list of its parent', () => {
    const [variation] = loadRestRead('get-products-14-variations').body as readonly unknown[];
    expect(read('product', 'product', variation, WEBHOOK, '14').content).toMatchObject({
      productId: '15',
      parentId: '14',
      productType: 'variation',
      weight: '0.25',
    });
  });

  it.each([
    ['1,5', ''],
    ['about 2', ''],
    [' 1.50 ', '1.50'],
    [2, '2'],
    [null, ''],
  ])('with a weight of %p weighs %p', (weight, expected) => {
    expect(read('product', 'product', { ...bodyOf('016'), weight }).content.weight).toBe(expected);
  });

  it.each([
    ['an order', bodyOf('024'), 'type is missing'],
    ['no id', { ...bodyOf('016'), id: 0 }, 'id is missing or not an id'],
    ['no date', { ...bodyOf('016'), date_modified_gmt: null, date_created_gmt: null }, 'date_modified_gmt is missing'],
    ['a list', [], 'the body is no object'],
    ['nothing', null, 'the body is no object'],
  ])('is not read out of %s', (_, body, detail) => {
    expect(readCatalogItem('product', body, WEBHOOK)).toMatchObject({ kind: 'refused', detail });
  });
});

describe('a coupon', () => {
  it('is read without whom it is for', () => {
    const body = { ...bodyOf('021'), email_restrictions: ['maria.perez@example.com'], used_by: ['2'] };
    const fact = read('coupon', 'coupon', body);
    expect(fact.content).toMatchObject({ couponId: '16', code: 'lab10', discountType: 'percent', amount: '10.00', expiresAt: null });
    expect(JSON.stringify(fact)).not.toContain('maria');
  });

  it('whose code is a mail address keeps it to itself', () => {
    expect(read('coupon', 'coupon', { ...bodyOf('021'), code: 'birthday-maria@example.com' }).content.code).toBe('');
  });

  it('is not read out of a product', () => {
    expect(readCatalogItem('coupon', bodyOf('016'), WEBHOOK)).toMatchObject({ kind: 'refused', reason: 'invalid-field' });
  });
});

describe('a customer', () => {
  it('is read with what names nobody apart from what does', () => {
    const fact = read('customer', 'customer', bodyOf('022'));
    expect(fact.content).toEqual({ role: 'customer', isPaying: false, country: 'CL', createdAt: AT });
    expect(fact.personal).toMatchObject({ customerId: '2', email: 'maria.perez@example.com', username: 'mariap' });
    expect(fact.contacts).toEqual({
      email: { kind: 'clear', value: 'maria.perez@example.com' },
      phone: { kind: 'clear', value: '+56987654321' },
    });
    expect(fact.personalFields).toEqual(expect.arrayContaining(['billing.phone', 'customerId', 'email', 'username']));
    expect(fact.personalFields).toEqual(fact.personalFields.toSorted());
  });

  it('without a mail of the account is known by the billing mail', () => {
    expect(read('customer', 'customer', { ...bodyOf('022'), email: '' }).contacts.email).toMatchObject({
      value: 'maria.perez@example.com',
    });
  });

  it('whose role somebody wrote a sentence into has none', () => {
    expect(read('customer', 'customer', { ...bodyOf('022'), role: 'the friend of Zoë' }).content.role).toBe('');
  });

  it('that nobody changed is as of its creation', () => {
    expect(read('customer', 'customer', { ...bodyOf('022'), date_modified_gmt: null }).modifiedAt).toBe(AT);
  });
});

describe('a custom resource', () => {
  const body = { id: 'sub_12', date_modified_gmt: '2026-11-21T02:37:19', buyer: { mail: 'Maria.Perez@example.com ' } };

  it('is kept whole, under the first mail address in it', () => {
    expect(read('resource', 'subscription', body)).toMatchObject({
      resource: 'subscription',
      resourceId: 'sub_12',
      body,
      email: { kind: 'clear', value: 'maria.perez@example.com' },
    });
  });

  it('names nobody where no value is a mail address as a whole', () => {
    expect(read('resource', 'subscription', { ...body, buyer: 'write to maria@example.com, please' }).email).toBeNull();
  });

  it.each([['maria@example.com'], ['a:b'], [''], [null], [{}]])('with the id %p is refused: it would stand in a key', (id) => {
    expect(readCatalogItem('subscription', { ...body, id }, WEBHOOK)).toMatchObject({ kind: 'refused', reason: 'invalid-field' });
  });
});
