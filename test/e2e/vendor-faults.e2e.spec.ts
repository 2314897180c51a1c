import { untilAtRest } from '../stack/at-rest.js';
import { eventually } from '../stack/eventually.js';
import { inParallel, ledgerOf, type LedgerLine } from '../stack/outcomes.js';
import { paidOrder, shopSpec, ShopWindow } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure, type PixelSpec, type ShopSpec } from '../stack/tenant.js';
import type { FaultOrder } from '../simulators/tiktok/faults.ts';

const MANY = 40;
const BAD_ORDER = 13;

/** What TikTok does to the first request of one order, and what becomes of it. */
const ONE_FAULT_EACH: readonly {
  readonly name: string;
  readonly fault: Omit<FaultOrder, 'times' | 'eventIds'>;
  readonly attempts: readonly string[];
  /** How often TikTok got it beyond the one that counted. */
  readonly repeats: number;
}[] = [
  { name: 'throttled-by-code', fault: { kind: 'throttle' }, attempts: ['throttled', 'delivered'], repeats: 0 },
  {
    name: 'throttled-by-status',
    fault: { kind: 'too-many-requests', retryAfterSeconds: 1 },
    attempts: ['throttled', 'delivered'],
    repeats: 0,
  },
  { name: 'inner-error', fault: { kind: 'internal-error' }, attempts: ['transient', 'delivered'], repeats: 0 },
  { name: 'http-error', fault: { kind: 'http-error', status: 503 }, attempts: ['unknown', 'delivered'], repeats: 0 },
  { name: 'html-instead', fault: { kind: 'html' }, attempts: ['unknown', 'delivered'], repeats: 0 },
  { name: 'html-after-taking', fault: { kind: 'html', status: 200, accepts: true }, attempts: ['unknown', 'delivered'], repeats: 1 },
  { name: 'hang-after-taking', fault: { kind: 'hang-after-accepting' }, attempts: ['unknown', 'delivered'], repeats: 1 },
  { name: 'hang-before-taking', fault: { kind: 'hang-before-accepting' }, attempts: ['unknown', 'delivered'], repeats: 0 },
  { name: 'cut-after-taking', fault: { kind: 'cut-after-accepting' }, attempts: ['unknown', 'delivered'], repeats: 1 },
];
/** Pixels that hold many effects back behind a wrong token, so that the right one sends them in one request. */
const HELD_BACK = ['parked', 'bad-event-hidden', 'bad-event-named', 'partial'] as const;
type HeldBack = (typeof HELD_BACK)[number];

const NAMES: readonly string[] = [...ONE_FAULT_EACH.map(({ name }) => name), ...HELD_BACK];

let stack: Stack;

const eventIdOf = (name: string, orderId: number): string => `${name}_${orderId}`;

const shopOf = (name: string): ShopSpec => shopSpec(`shop-${name}`);

const pixelSpec = (name: string, version: number, accessToken: string): PixelSpec => ({
  id: name,
  version,
  accessToken,
  settings: { pixelCode: `PIXEL-${name}`, sources: [shopOf(name).id], purchase: { eventId: `${name}_{orderId}` } },
});

const requestsTo = (name: string): ReturnType<typeof stack.tiktok.received>['requests'] =>
  stack.tiktok.received().requests.filter(({ body }) => (body as { event_source_id?: unknown }).event_source_id === `PIXEL-${name}`);

const ledgerOfPixel = async (name: string): Promise<readonly LedgerLine[]> =>
  (await ledgerOf(stack)).filter(({ destination }) => destination === name);

const countedOf = (name: string): string[] =>
  stack.tiktok
    .received()
    .accepted.filter(({ pixel }) => pixel === `PIXEL-${name}`)
    .map(({ eventId }) => eventId)
    .toSorted();

const duplicatesOf = (name: string): number => stack.tiktok.received().duplicates.filter(({ pixel }) => pixel === `PIXEL-${name}`).length;

const idsUpTo = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => eventIdOf(name, index + 1)).toSorted();

/** Nothing of the pixel is under way: every effect is parked, or lies in the queue behind the parked credential. */
async function isHeldBack(name: string): Promise<boolean> {
  const [row] = await stack.sql.query<{ held: number; parked: number }>(
    '',
    `select count(*) filter (where l.state = 'parked' or q.lease_owner is null and l.state = 'planned')::int as held,
            count(*) filter (where l.state = 'parked')::int as parked
       from tiktok.ledger_entries l left join tiktok_ops.dispatch_queue q using (ledger_key) where l.destination_connection_id = $1`,
    [name],
  );
  return row !== undefined && row.parked > 0 && row.held === MANY;
}

async function holdBack(name: HeldBack): Promise<void> {
  const window = new ShopWindow(stack, shopOf(name));
  const orderIds = Array.from({ length: MANY }, (_, index) => index + 1);
  await inParallel(orderIds, 10, (orderId) => window.deliver(paidOrder(orderId)));
  await eventually(`all effects of ${name} are held back`, 20_000, () => isHeldBack(name));
}

beforeAll(async () => {
  stack = await Stack.start({
    apps: ['ingest', 'tiktok'],
    simulator: { pixels: NAMES.map((name) => ({ code: `PIXEL-${name}`, accessToken: `right-token-of-${name}` })) },
  });
  const isHeld = (name: string): boolean => (HELD_BACK as readonly string[]).includes(name);
  await configure(stack, {
    id: 'acme',
    shops: NAMES.map((name) => shopOf(name)),
    pixels: NAMES.map((name) => pixelSpec(name, 1, isHeld(name) ? 'wrong-token' : `right-token-of-${name}`)),
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

describe('a request that TikTok does not simply take', () => {
  beforeAll(async () => {
    for (const { name, fault } of ONE_FAULT_EACH) stack.tiktok.control.fail({ ...fault, times: 1, eventIds: [eventIdOf(name, 1)] });
    await inParallel(ONE_FAULT_EACH, 9, ({ name }) => new ShopWindow(stack, shopOf(name)).deliver(paidOrder(1)));
    await untilAtRest(stack, 30_000);
  }, 60_000);

  it.each(ONE_FAULT_EACH)('($name) is made again under the same event id and counts once', async ({ name, attempts, repeats }) => {
    expect(await ledgerOfPixel(name)).toMatchObject([{ state: 'delivered', attempts }]);
    expect(requestsTo(name).map(({ eventIds }) => eventIds)).toEqual([[eventIdOf(name, 1)], [eventIdOf(name, 1)]]);
    expect(countedOf(name)).toEqual([eventIdOf(name, 1)]);
    expect(duplicatesOf(name)).toBe(repeats);
  });
});

describe('a credential that TikTok refuses', () => {
  const openAlerts = (name: string): Promise<object[]> =>
    stack.sql.query('', `select kind from alerts.alerts where connection_id = $1 and closed_at is null`, [name]);

  beforeAll(async () => {
    await inParallel(HELD_BACK, 4, holdBack);
  }, 60_000);

  it('parks everything of it, says so, and stops asking', () => {
    for (const name of HELD_BACK) {
      expect(countedOf(name)).toEqual([]);
      expect(requestsTo(name).length).toBeLessThan(MANY);
    }
  });

  it('opens an alert, and new settings send what was held back, each once', async () => {
    expect(await openAlerts('parked')).toEqual([{ kind: 'credential-parked' }]);
    const asked = requestsTo('parked').length;
    await configure(stack, { id: 'acme', shops: [], pixels: [pixelSpec('parked', 2, 'right-token-of-parked')] });
    await eventually('everything is delivered', 20_000, () => countedOf('parked').length >= MANY);
    await eventually('the ledger knows', 5_000, async () => (await ledgerOfPixel('parked')).every(({ state }) => state === 'delivered'));
    expect(countedOf('parked')).toEqual(idsUpTo('parked', MANY));
    expect(duplicatesOf('parked')).toBe(0);
    expect(requestsTo('parked').slice(asked)).toHaveLength(1);
    expect(await openAlerts('parked')).toEqual([]);
  });

  it.each([
    // The whole, half after half, the one alone, the rest.
    ['bad-event-hidden', true, 1 + Math.ceil(Math.log2(MANY)) + 1 + 1],
    // The whole, the one alone, the rest.
    ['bad-event-named', false, 3],
  ] as const)(
    '(%s) one event that TikTok refuses is found in few requests, and only it is rejected',
    async (name, hidesPath, maxRequests) => {
      const asked = requestsTo(name).length;
      stack.tiktok.control.fail({ kind: 'refuse-event', eventIds: [eventIdOf(name, BAD_ORDER)], hidesPath });
      await configure(stack, { id: 'acme', shops: [], pixels: [pixelSpec(name, 2, `right-token-of-${name}`)] });
      await eventually('everything is settled', 20_000, async () =>
        (await ledgerOfPixel(name)).every(({ state }) => ['delivered', 'rejected'].includes(state)),
      );
      const lines = await ledgerOfPixel(name);
      expect(lines.filter(({ state }) => state === 'rejected')).toMatchObject([{ orderId: String(BAD_ORDER), reason: 'vendor-refused' }]);
      expect(countedOf(name)).toEqual(idsUpTo(name, MANY).filter((eventId) => eventId !== eventIdOf(name, BAD_ORDER)));
      expect(duplicatesOf(name)).toBe(0);
      const requests = requestsTo(name).slice(asked);
      expect(requests[0]?.eventIds).toHaveLength(MANY);
      expect(requests.length).toBeLessThanOrEqual(maxRequests);
    },
  );

  it('a request of which only a part was taken is made again event by event, and each counts once', async () => {
    const asked = requestsTo('partial').length;
    stack.tiktok.control.fail({ kind: 'partial', times: 1, eventIds: idsUpTo('partial', MANY) });
    await configure(stack, { id: 'acme', shops: [], pixels: [pixelSpec('partial', 2, 'right-token-of-partial')] });
    await eventually('everything is delivered', 25_000, async () =>
      (await ledgerOfPixel('partial')).every(({ state }) => state === 'delivered'),
    );
    expect(
      requestsTo('partial')
        .slice(asked)
        .map(({ eventIds }) => eventIds.length),
    ).toEqual([MANY, ...Array.from({ length: MANY }, () => 1)]);
    expect(countedOf('partial')).toEqual(idsUpTo('partial', MANY));
    expect(duplicatesOf('partial')).toBe(MANY / 2);
  }, 40_000);
});
