import type { OrderFact } from '../woocommerce-order.source.js';
import { judge, type KnownHead } from './judgement.js';
import type { PollState } from './poll.state.js';
import { stepTo, type Glimpse, type PollStep } from './poll.step.js';

const NOW = 1_000_000;

const fact = (overrides: Partial<OrderFact> = {}): OrderFact =>
  ({ kind: 'order', content: { orderId: '17' }, asOf: 500, modifiedAt: 100, contentHash: 'a', ...overrides }) as OrderFact;

const head = (overrides: Partial<KnownHead> = {}): KnownHead => ({
  orderId: '17',
  rank: { asOf: 400, modifiedAt: 100, observedAt: 900, contentHash: 'a' },
  isVanished: false,
  isObserved: true,
  isDeletionUnconfirmed: false,
  status: 'processing',
  total: '10.00',
  ...overrides,
});

const rank = (overrides: Partial<NonNullable<KnownHead['rank']>>): KnownHead['rank'] => ({
  asOf: 400,
  modifiedAt: 100,
  observedAt: 900,
  contentHash: 'a',
  ...overrides,
});

const judged = (what: Partial<PollStep>, known: KnownHead | null) =>
  judge(stepTo({} as PollState, what), new Map(known === null ? [] : [['17', known]]), NOW);

const seen = (order: OrderFact, isUnlisted = false) => ({ orders: [{ fact: order, row: {}, isUnlisted }] });

describe('an order that a read shows', () => {
  it('is published when nobody knew it', () => {
    expect(judged(seen(fact()), null).publish).toHaveLength(1);
  });

  it('is not published again while it equals its head', () => {
    expect(judged(seen(fact()), head())).toEqual({ publish: [], vanished: [], rereads: [] });
  });

  it('is published when its content differs, or its modification date alone', () => {
    expect(judged(seen(fact({ contentHash: 'b' })), head()).publish).toHaveLength(1);
    expect(judged(seen(fact({ modifiedAt: 101 })), head()).publish).toHaveLength(1);
  });

  it('is published when it came back after it had vanished', () => {
    expect(judged(seen(fact()), head({ isVanished: true, rank: rank({ contentHash: '' }) })).publish).toHaveLength(1);
  });

  it('confirms an order that was reported deleted and is not', () => {
    expect(judged(seen(fact()), head({ isDeletionUnconfirmed: true })).publish).toHaveLength(1);
  });

  it('is read again when a webhook was faster', () => {
    const { publish, rereads } = judged(seen(fact({ contentHash: 'b' })), head({ rank: rank({ asOf: 20_500 }) }));
    expect(publish).toEqual([]);
    expect(rereads).toEqual([{ orderId: '17', delayMs: 26_000 }]);
  });

  it('is taken by its id alone only when it was seen as an order before: subscriptions have that shape too', () => {
    expect(judged(seen(fact({ contentHash: 'b' }), true), null).publish).toEqual([]);
    expect(judged(seen(fact({ contentHash: 'b' }), true), head()).publish).toHaveLength(1);
  });
});

describe('an order that the shop does not have', () => {
  const gone = { gone: [{ orderId: '17', asOf: 500 }] };

  it('has vanished if we knew it', () => {
    expect(judged(gone, head()).vanished).toHaveLength(1);
    expect(judged(gone, null).vanished).toEqual([]);
    expect(judged(gone, head({ isVanished: true })).vanished).toEqual([]);
  });

  it('is looked for again when something newer is known of it', () => {
    expect(judged(gone, head({ rank: rank({ asOf: 600 }) }))).toMatchObject({ vanished: [], rereads: [{ orderId: '17' }] });
  });
});

describe('a glimpse', () => {
  const glimpse = (overrides: Partial<Glimpse> = {}) => ({
    glimpses: [{ orderId: '17', status: 'processing', modifiedAt: 100, total: '10', ...overrides }],
  });

  it('asks for nothing while it is as known, however the total is written', () => {
    expect(judged(glimpse(), head()).rereads).toEqual([]);
  });

  it.each<[string, Partial<Glimpse>]>([
    ['status', { status: 'completed' }],
    ['modification date, also backwards', { modifiedAt: 99 }],
    ['total', { total: '11' }],
  ])('asks for the whole order when it differs in its %s', (_, change) => {
    expect(judged(glimpse(change), head()).rereads).toEqual([{ orderId: '17', delayMs: 0 }]);
  });

  it('asks for an order that nobody knows, and for what is missing', () => {
    expect(judged(glimpse(), null).rereads).toHaveLength(1);
    expect(judged({ missing: ['18'] }, head()).rereads).toEqual([{ orderId: '18', delayMs: 0 }]);
  });
});
