import type { Snapshot } from '../../tools/bootstrap/processes/server.mts';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { collect, productView, untilVisitsAtRest, visitLedgerOf } from '../stack/visit-effects.js';
import { VisitLoad } from './visit-load.js';
import { startAgain } from './witness.js';

const KEY = 'write-key-of-the-shop1';
const ORIGIN = 'https://shop.example';
const REST_WITHIN_MS = 60_000;

/** Where the app dies, and at which passage. */
const DEATHS: readonly (readonly [failpoint: string, passage: number, where: string])[] = [
  ['visits.after-statement', 2, 'after the statement that moves offset and queue'],
  ['publish.before-append', 1, 'intent in Postgres, not in the log'],
  ['dispatch.after-intent', 1, 'intent in Postgres and in the log, nothing sent'],
  ['dispatch.after-answer', 1, 'answered, outcome nowhere'],
  ['dispatch.after-outcome', 1, 'outcome in Postgres, not in the log'],
  ['visit-deliveries.after-statement', 2, 'after the statement of its own topic'],
];

let stack: Stack;
let load: VisitLoad;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, {
    id: 'acme',
    defaultCountry: 'CL',
    shops: [{ id: 'shop', token: 'token-of-the-shop-01', webhookSecret: 's3cret-Lab' }],
    pixels: [{ id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1', events: { Pageview: true } } }],
    visits: [{ id: 'web', shop: 'shop', writeKeys: [KEY], settings: { allowedOrigins: [ORIGIN] } }],
  });
  load = new VisitLoad(() => stack.app('ingest').url, KEY, ORIGIN);
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

const requestedIds = (from = 0): string[] =>
  stack.tiktok
    .received()
    .requests.slice(from)
    .flatMap(({ eventIds }) => eventIds);
const countedIds = (): string[] => stack.tiktok.received().accepted.map(({ eventId }) => eventId);

/** What was accepted is counted once; so may be what was refused and yet reached the log; nothing else is. */
function expectCounted(accepted: readonly string[]): void {
  const counted = countedIds().filter((id) => !load.refused.has(id));
  expect(counted.toSorted()).toEqual(accepted.toSorted());
  expect(new Set(countedIds()).size).toBe(countedIds().length);
}

/** Visits that were part of more than one request although nothing of the earlier one was in doubt. */
async function sentTwiceWithoutNeed(): Promise<string[]> {
  const times = Map.groupBy(requestedIds(), (id) => id);
  const inDoubt = await stack.sql.query<{ reference: string }>(
    '',
    'select reference from tiktok.visit_deliveries where unknown_since is not null',
  );
  const wasInDoubt = new Set(inDoubt.map(({ reference }) => reference));
  return [...times].filter(([id, requests]) => requests.length > 1 && !wasInDoubt.has(id)).map(([id]) => id);
}

it.each(DEATHS)(
  'killed at %s (passage %i: %s) and started again, it goes on',
  async (failpoint, passage) => {
    const armed = await startAgain(stack, 'tiktok', `${failpoint}:${passage}`);
    load.start();
    expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await startAgain(stack, 'tiktok');
    await load.stop();
  },
  60_000,
);

it('has then sent every accepted visit, none twice beyond what the vendor recognises, and its tables say so', async () => {
  await untilVisitsAtRest(stack, REST_WITHIN_MS);
  expect(load.accepted.length).toBeGreaterThan(100);
  expectCounted(load.accepted);
  expect(await sentTwiceWithoutNeed()).toEqual([]);
  const states = new Set((await visitLedgerOf(stack)).map(({ state }) => state));
  expect([...states]).toEqual(['delivered']);
  process.stdout.write(
    `kill -9: ${load.accepted.length} visits, repeats within the window: ${stack.tiktok.received().duplicates.length}\n`,
  );
}, 120_000);

describe('Postgres is set back to an older copy', () => {
  let snapshot: Snapshot;
  const page = () => ({ ingestUrl: stack.app('ingest').url, writeKey: KEY, origin: ORIGIN, visitorId: 'tto.1.1795228693.of-the-tests' });
  const visits = Array.from({ length: 3 }, () => Array.from({ length: 10 }, () => productView()));
  const idsOf = (group: number): string[] => (visits[group] ?? []).map(({ eventId }) => eventId).toSorted();

  async function dieAt(failpoint: string, group: number): Promise<void> {
    const armed = await startAgain(stack, 'tiktok', failpoint);
    expect((await collect(page(), visits[group] ?? [])).status).toBe(200);
    expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  }

  it('what was delivered since is not asked again; what was in doubt is, under the same id; nothing is lost', async () => {
    snapshot = await stack.infrastructure.postgres.snapshot();
    await collect(page(), visits[0] ?? []);
    await eventually('the first are counted', 20_000, () => idsOf(0).every((id) => countedIds().includes(id)));
    await untilVisitsAtRest(stack, REST_WITHIN_MS);
    await dieAt('dispatch.after-answer', 1);
    await dieAt('dispatch.after-intent', 2);
    const before = stack.tiktok.received().requests.length;
    await stack.app('ingest').child.stop(15_000);
    await snapshot.restore();
    await startAgain(stack, 'ingest');
    await startAgain(stack, 'tiktok');
    await untilVisitsAtRest(stack, REST_WITHIN_MS);
    const again = new Set(requestedIds(before));
    expect(idsOf(0).filter((id) => again.has(id))).toEqual([]);
    expect([...again].toSorted()).toEqual([...idsOf(1), ...idsOf(2)].toSorted());
    expectCounted([...load.accepted, ...visits.flat().map(({ eventId }) => eventId)]);
    expect(await sentTwiceWithoutNeed()).toEqual([]);
  }, 180_000);
});
