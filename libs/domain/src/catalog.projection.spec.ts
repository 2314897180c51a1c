import fc from 'fast-check';
import type { ProductObserved } from './catalog.events.js';
import { evolveCatalog, judgeAbsence, judgeCatalog, judgeReport, type CatalogHead } from './catalog.projection.js';
import { asConnectionId, asTenantId } from './ids.js';

const product = (change: Partial<ProductObserved> = {}): ProductObserved => ({
  type: 'ProductObserved',
  eventId: '01',
  tenantId: asTenantId('acme'),
  connectionId: asConnectionId('shop'),
  occurredAt: 1_000,
  receivedAt: 1_000,
  source: 'rest',
  asOf: 1_000,
  modifiedAt: 1_000,
  contentHash: 'a',
  deletion: null,
  productId: '11',
  parentId: '0',
  productType: 'simple',
  status: 'publish',
  name: 'Mug',
  sku: '',
  price: '1000',
  weight: '0.5',
  weightUnit: 'kg',
  isVirtual: false,
  isDownloadable: false,
  createdAt: 1_000,
  ...change,
});

const folded = (...events: readonly ProductObserved[]): CatalogHead => {
  const head = events.reduce<CatalogHead | undefined>(evolveCatalog, undefined);
  if (head === undefined) throw new Error('nothing was folded');
  return head;
};

const seen = (change: Partial<Pick<ProductObserved, 'asOf' | 'modifiedAt' | 'contentHash' | 'deletion'>> = {}) => ({
  asOf: 1_000,
  modifiedAt: 1_000,
  contentHash: 'a',
  deletion: null,
  ...change,
});

describe('the fold', () => {
  const event = fc
    .record({ asOf: fc.integer({ min: 1, max: 4 }), receivedAt: fc.integer({ min: 1, max: 4 }), contentHash: fc.constantFrom('a', 'b') })
    .map((change) => product({ ...change, modifiedAt: change.asOf }));

  it('keeps the greatest observation, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), (events) => {
        const rank = (of: readonly ProductObserved[]) => folded(...of).rank;
        expect(rank(events)).toEqual(rank(events.toReversed()));
      }),
    );
  });

  it('knows whether the last record of the key is the head, which alone outlives compaction', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), (events) => {
        const head = folded(...events);
        const { asOf, modifiedAt, receivedAt, contentHash } = events.at(-1)!;
        expect(head.isTail).toBe(JSON.stringify(head.rank) === JSON.stringify({ asOf, modifiedAt, observedAt: receivedAt, contentHash }));
      }),
    );
  });

  it('takes a repeat for nothing new', () => {
    const head = folded(product());
    expect(evolveCatalog(head, product())).toBe(head);
  });

  it('keeps what a deletion still says, and takes it back when the product is there again', () => {
    const gone = folded(product(), product({ deletion: 'absent', asOf: 2_000 }));
    expect(gone).toMatchObject({ deletion: 'absent', content: { weight: '0.5', weightUnit: 'kg' } });
    expect(evolveCatalog(gone, product({ asOf: 3_000 }))).toMatchObject({ deletion: null });
  });
});

describe('an observation', () => {
  it('of something unknown is news', () => expect(judgeCatalog(seen(), undefined, 5)).toBe('publish'));
  it('that equals its head is not, however much later', () =>
    expect(judgeCatalog(seen({ asOf: 9_000 }), folded(product()), 9_000)).toBe('same'));
  it('with other content is news when it is later', () =>
    expect(judgeCatalog(seen({ asOf: 2_000, contentHash: 'b' }), folded(product()), 2_000)).toBe('publish'));
  it('with other content of the same moment is news when it arrived later', () =>
    expect(judgeCatalog(seen({ contentHash: 'b' }), folded(product()), 2_000)).toBe('publish'));
  it('with other content that is behind its head asks for another look', () =>
    expect(judgeCatalog(seen({ asOf: 500, contentHash: 'b' }), folded(product()), 2_000)).toBe('look-again'));
  it('equal to its head is said once more when an older record came after the head in the log', () => {
    const head = folded(product(), product({ asOf: 500, contentHash: 'b' }));
    expect(head).toMatchObject({ isTail: false, rank: { asOf: 1_000 } });
    expect(judgeCatalog(seen({ asOf: 3_000 }), head, 3_000)).toBe('publish');
  });
  it('of something deleted is news: it is there again', () =>
    expect(judgeCatalog(seen({ asOf: 3_000 }), folded(product({ deletion: 'reported' })), 3_000)).toBe('publish'));
});

describe('an absence', () => {
  it('of something unknown says nothing: legacy storage announces the trash of an order as a product’s', () =>
    expect(judgeAbsence(9_000, undefined)).toBe('same'));
  it('of something known is news', () => expect(judgeAbsence(2_000, folded(product()))).toBe('publish'));
  it('is news once', () => expect(judgeAbsence(9_000, folded(product({ deletion: 'absent' })))).toBe('same'));
  it('confirms what was only reported or trashed', () => {
    expect(judgeAbsence(9_000, folded(product({ deletion: 'reported' })))).toBe('publish');
    expect(judgeAbsence(9_000, folded(product({ deletion: 'trashed' })))).toBe('publish');
  });
  it('that is behind what is known asks for another look', () => expect(judgeAbsence(500, folded(product()))).toBe('look-again'));
});

describe('a reported deletion that nobody can look after', () => {
  it('counts for what is known only', () => {
    expect(judgeReport(undefined)).toBe('same');
    expect(judgeReport(folded(product()))).toBe('publish');
  });
  it('counts once', () => expect(judgeReport(folded(product({ deletion: 'trashed' })))).toBe('same'));
});
