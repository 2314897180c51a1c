import fc from 'fast-check';
import type { Crash } from './follower.js';
import { announcedAction, anyAction, historyOf, visibleAction } from './history.js';
import { fates, imports, Scenario } from './scenario.js';

/** `npm run test:convergence` makes many histories, others each time; `npm test` some, always the same. */
const RUNS = Number(process.env['CONVERGENCE_RUNS'] ?? '300');
const SEED = Number(process.env['CONVERGENCE_SEED'] ?? (process.env['CONVERGENCE_RUNS'] === undefined ? 20_261_121 : Date.now() % 2 ** 31));
const FEW = Math.ceil(RUNS / 10);
const msFor = (runs: number): number => 60_000 + runs * 1_000;

const crash: fc.Arbitrary<Crash> = fc.record({ atStep: fc.integer({ min: 1, max: 400 }), appended: fc.constantFrom(0, 0.5, 1) });
const crashes = fc.array(crash, { maxLength: 5 });
const shops = fc.record({
  version: fc.constantFrom('6.0.0', '7.6.1', '8.3.1', '10.4.3', '11.0.1'),
  storage: fc.constantFrom('hpos' as const, 'cpt' as const),
  utcOffsetMinutes: fc.constantFrom(-180, 0, 480, 345),
  pageRows: fc.constantFrom(3, 5, 10, 100),
});
const DAY_MS = 86_400_000;
const EVER_DAYS = 10_000;
/** From the beginning of a scenario to the first answer of its shop. */
const CONNECTED_WITHIN_MS = 3_600_000;
const FOR_EVER_MS = 1e15;
const NO_SWEEPS = {
  recentEveryMs: FOR_EVER_MS,
  monthEveryMs: FOR_EVER_MS,
  everythingEveryMs: FOR_EVER_MS,
  idsEveryMs: FOR_EVER_MS,
  countsEveryMs: FOR_EVER_MS,
};

describe(`convergence with seed ${SEED}`, () => {
  it(
    `knows every order as the shop does after one full cycle, whatever happened to webhooks and pollers (${RUNS} histories)`,
    () => {
      const property = fc.property(
        shops,
        fc.boolean(),
        historyOf(anyAction, 40),
        fates,
        crashes,
        imports,
        (shop, areHeadsLate, history, fates, crashes, imports) => {
          const scenario = new Scenario({ ...shop, areHeadsLate, fates, crashes, imports });
          scenario.live(history);
          scenario.fullCycle();
          expect(scenario.differences()).toEqual([]);
          const { length } = scenario.follower.log;
          scenario.fullCycle();
          expect(scenario.follower.log.length).toBe(length);
        },
      );
      fc.assert(property, { numRuns: RUNS, seed: SEED });
    },
    msFor(RUNS),
  );

  it(
    `of a shop that is known from a horizon on knows those orders and every changed one, and after an import all of them (${FEW} histories)`,
    () => {
      const historyDays = 30;
      const property = fc.property(shops, historyOf(anyAction, 40), fates, crashes, imports, (shop, history, fates, crashes, imports) => {
        const scenario = new Scenario({ ...shop, fates, crashes, imports, settings: { historyMs: historyDays * DAY_MS } });
        const horizon = scenario.world.now() - historyDays * DAY_MS;
        scenario.live(history);
        scenario.fullCycle();
        expect(scenario.differences(horizon + CONNECTED_WITHIN_MS)).toEqual([]);
        scenario.import(EVER_DAYS, -1);
        scenario.fullCycle();
        expect(scenario.differences()).toEqual([]);
        const { length } = scenario.follower.log;
        scenario.import(EVER_DAYS, -1);
        scenario.fullCycle();
        expect(scenario.follower.log.length).toBe(length);
      });
      fc.assert(property, { numRuns: FEW, seed: SEED });
    },
    msFor(FEW),
  );

  it(
    `sees whatever moves a modification date by its looks for changes alone, without any webhook or sweep (${FEW} histories)`,
    () => {
      // Refunds of WooCommerce 6 move no date.
      const newer = shops.map((shop) => ({ ...shop, version: shop.version === '6.0.0' ? '7.6.1' : shop.version }));
      const property = fc.property(newer, historyOf(visibleAction, 40), crashes, (shop, history, crashes) => {
        const scenario = new Scenario({ ...shop, crashes, settings: NO_SWEEPS });
        scenario.live(history);
        scenario.settle();
        scenario.lookForChanges();
        expect(scenario.differences()).toEqual([]);
      });
      fc.assert(property, { numRuns: FEW, seed: SEED });
    },
    msFor(FEW),
  );

  it(
    `loses nothing that webhooks brought when the REST keys are lost (${FEW} histories)`,
    () => {
      const property = fc.property(shops, historyOf(announcedAction, 30), (shop, history) => {
        const scenario = new Scenario({ ...shop, fates: [{ kind: 'taken' }] });
        scenario.loseKeys();
        scenario.live(history);
        scenario.settle();
        expect(scenario.differences()).toEqual([]);
        expect(scenario.follower.log.every(({ type }) => type === 'OrderObserved')).toBe(true);
      });
      fc.assert(property, { numRuns: FEW, seed: SEED });
    },
    msFor(FEW),
  );
});

describe('a bulk edit of 500 orders within one second', () => {
  it('is seen whole by the next look, although a page holds 100', () => {
    const scenario = new Scenario({ settings: NO_SWEEPS });
    const orders = Array.from({ length: 100 }, () => ({
      afterMs: 700,
      action: { kind: 'create', count: 5, status: 'processing' } as const,
    }));
    scenario.live([...orders, { afterMs: 5_000, action: { kind: 'bulk-status', status: 'completed' } }]);
    scenario.settle();
    scenario.lookForChanges();
    expect(scenario.differences()).toEqual([]);
    expect(scenario.follower.orders.size).toBe(500);
  });
});

describe('a shop that does nothing', () => {
  it('adds nothing to the log, however often it is polled', () => {
    const scenario = new Scenario();
    scenario.live([{ afterMs: 1_000, action: { kind: 'create', count: 6, status: 'processing' } }]);
    scenario.fullCycle();
    const { length } = scenario.follower.log;
    for (let cycles = 0; cycles < 3; cycles += 1) scenario.fullCycle();
    expect(length).toBe(6);
    expect(scenario.follower.log.length).toBe(length);
  });
});
