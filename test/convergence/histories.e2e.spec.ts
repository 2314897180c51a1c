import fc from 'fast-check';
import { startWoocommerceSimulator, type WoocommerceSimulator } from '../simulators/woocommerce/woocommerce-simulator.ts';
import { putShopVersion } from '../stack/connection-version.js';
import { eventually } from '../stack/eventually.js';
import { headDifferences } from '../stack/head-differences.js';
import { Stack } from '../stack/stack.js';
import { anyAction, Hands, historyOf, type Event } from './history.js';
import { LossyRoad } from './lossy-road.js';
import { fates as anyFates, type Fate } from './scenario.js';

/** Others than in `npm test` with `CONVERGENCE_SEED`. */
const SEED = Number(process.env['CONVERGENCE_SEED'] ?? '20261122');
const KEYS = { consumerKey: 'ck_of_the_shop', consumerSecret: 'cs_of_the_shop' };
const SECRET = 'secret-of-the-webhooks';
const TENANT = 'histories';
const TOPICS = ['order.created', 'order.updated', 'order.deleted', 'order.restored'];
/** A history's gaps are for a virtual clock; here most of them are some tenths of a second. */
const LONGEST_GAP_MS = 400;
const SHORTER = 50;
const QUEUE_EVERY_MS = 300;
const CYCLE_MS = 150_000;

/** A shop, what happens in it, and the road from it to us. */
interface Case {
  readonly id: string;
  readonly tenantId: string;
  readonly history: readonly Event[];
  readonly fates: readonly Fate[];
  readonly simulator: WoocommerceSimulator;
  readonly road: LossyRoad;
}

let stack: Stack;
const cases: Case[] = [];

async function open(id: string, history: readonly Event[], fates: readonly Fate[], storage: 'hpos' | 'cpt'): Promise<Case> {
  const simulator = await startWoocommerceSimulator({
    keys: [{ ...KEYS, permissions: 'read' }],
    queueIntervalMs: QUEUE_EVERY_MS,
    site: { storage },
  });
  const token = `webhook-address-of-${id}`;
  const road = await LossyRoad.open(() => `${stack.app('ingest').url}/v1/sources/woocommerce/${token}`, fates);
  await putShopVersion(stack, {
    tenantId: TENANT,
    id,
    version: 1,
    secrets: { ...KEYS, webhookToken: token, webhookSecret: SECRET },
    settings: { storeUrl: simulator.url, polling: { enabled: true, refreshIntervalSeconds: 15, historyDays: 'all' } },
  });
  for (const topic of TOPICS) simulator.shop.webhooks.create({ topic, deliveryUrl: road.url, secret: SECRET });
  return { id, tenantId: TENANT, history, fates, simulator, road };
}

/** Lets a history happen in real time; resolves when all of it has, late checkouts too. */
async function live({ history, simulator }: Case): Promise<void> {
  const later: Promise<void>[] = [];
  const after = (ms: number, happen: () => void): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(() => {
        happen();
        resolve();
      }, ms);
    });
  const hands = new Hands(simulator.shop, Date.now, (ms, happen) => void later.push(after(ms / SHORTER, happen)));
  for (const { afterMs, action } of history) await after(Math.min(LONGEST_GAP_MS, afterMs), () => hands.do(action));
  await Promise.all(later);
}

/** As if a month had passed: every sweep is due. */
async function letEverythingComeDue({ id }: Case): Promise<void> {
  await eventually(`${id} can be made due`, CYCLE_MS, async () => {
    const rows = await stack.sql.query(
      '',
      `update ingest_ops.pollers set state = jsonb_set(state, '{sweptAt}', '{}'), due_at = now()
        where tenant_id = $1 and connection_id = $2 and leased_until is null and state is not null returning 1`,
      [TENANT, id],
    );
    return rows.length === 1;
  });
}

const untilKnown = (one: Case): Promise<void> =>
  eventually(`${one.id} is known as it is`, CYCLE_MS, async () => {
    const found = await headDifferences(stack, one, one.simulator.shop);
    if (found.length > 0) throw new Error(`${found.length} differences, such as ${found[0]}`);
    return true;
  });

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest'] });
}, 180_000);
afterAll(async () => {
  for (const { simulator, road } of cases) {
    await simulator.stop();
    await road.close();
  }
  await stack?.stop();
}, 60_000);

it(
  `three random shops are known as they are after one full cycle, whatever became of their webhooks and of the poller (seed ${SEED})`,
  async () => {
    const [histories, fates] = [
      fc.sample(
        historyOf(anyAction, 60).filter(({ length }) => length >= 40),
        { seed: SEED, numRuns: 3 },
      ),
      fc.sample(
        anyFates.filter((several) => new Set(several.map(({ kind }) => kind)).size >= 3),
        { seed: SEED, numRuns: 3 },
      ),
    ];
    for (const [index, history] of histories.entries())
      cases.push(await open(`shop-${index}`, history, fates[index] ?? [], index % 2 === 0 ? 'hpos' : 'cpt'));
    await stack.app('ingest').child.stop(10_000);
    // Dies in the middle of what it reads, while shops and webhooks go on.
    const mortal = await stack.startApp('ingest', { env: { TRIBUTARY_FAILPOINT: 'poller.after-append:4' } });
    await Promise.all([
      ...cases.map(live),
      mortal.child.exited.then(async (end) => {
        expect(end).toEqual({ code: null, signal: 'SIGKILL' });
        await stack.startApp('ingest');
      }),
    ]);
    for (const { simulator, road } of cases) {
      await eventually('the shop has sent what it has to send', CYCLE_MS, () => simulator.shop.queue.pendingCount === 0);
      await road.isClear();
    }
    await Promise.all(cases.map(letEverythingComeDue));
    await Promise.all(cases.map(untilKnown));
    const orders = cases.reduce((sum, { simulator }) => sum + [...simulator.shop.orders.all()].length, 0);
    const met = cases.map(({ id, road }) => `${id} ${[...road.met].map(([fate, times]) => `${times} ${fate}`).join(', ')}`);
    process.stdout.write(`histories: ${orders} orders; webhooks: ${met.join('; ')}\n`);
    expect(orders).toBeGreaterThan(10);
    expect(cases.every(({ road }) => road.met.size > 0)).toBe(true);
  },
  CYCLE_MS * 4,
);
