import { VISIT_EVENTS_TOPIC } from '@tributary/codecs';
import type { ProfileEvent, VisitorChanged, VisitorEvent } from '@tributary/domain';
import { forgetIdleVisitors } from '@tributary/stream';
import { signedWebhook } from '../builders/order.builder.js';
import { asBrowser, pageView } from '../stack/browser.js';
import { tributary } from '../stack/command-line.js';
import { eventually } from '../stack/eventually.js';
import { IdentityTopics, type Told } from '../stack/identity-topics.js';
import { paidOrder } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';

const TOKEN = 'token-of-the-shop-of-acme';
const SECRET = 's3cret-Lab';
const WRITE_KEY = 'write-key-of-acme-0001';
const ORIGIN = 'https://www.shop.example';

let stack: Stack;
let topics: IdentityTopics;
const visitorId = (name: string | number): string => `tto.1.1795228693.${name}`;
const headers = { origin: ORIGIN, 'sec-fetch-site': 'same-site' };

async function look(name: string | number, query = '', count = 1): Promise<void> {
  const events = Array.from({ length: count }, () => pageView({ url: `https://shop.example/cafe?step=1${query}` }));
  const body = { writeKey: WRITE_KEY, visitorId: visitorId(name), consent: { ads: 'granted' }, events };
  const answer = await asBrowser(stack.app('ingest').url, '/v1/collect', { headers, body });
  expect(answer.json['results']).toEqual(events.map(({ eventId }) => ({ eventId, status: 'accepted' })));
}

async function identify(name: string | number, email: string): Promise<void> {
  const body = { writeKey: WRITE_KEY, visitorId: visitorId(name), email };
  expect((await asBrowser(stack.app('ingest').url, '/v1/identify', { headers, body })).json).toEqual({ status: 'accepted' });
}

async function order(id: number, email: string, name: string | number): Promise<void> {
  const billing = { email, phone: `9 8765 ${id}`, country: 'CL' };
  const body = paidOrder(id, { customer_id: 0, billing, meta_data: [{ id: 1, key: 'cdp_id', value: visitorId(name) }] });
  expect((await postWebhook(stack.app('ingest').url, TOKEN, signedWebhook(body, SECRET, 'order.updated'))).status).toBe(200);
}

interface Versioned {
  readonly version: number;
}
const isVersioned = (event: object): event is Versioned => 'version' in event;

/** Every version of a key stands once or as the very same bytes, and the greatest last; answers the newest record of each key. */
function newestOf<Event extends object>(told: readonly Told<Event>[]): Map<string, Event & Versioned> {
  const newest = new Map<string, Event & Versioned>();
  const bytes = new Map<string, Buffer>();
  for (const { key, event, bytes: written } of told) {
    if (!isVersioned(event)) continue;
    const name = `${key}/${event.version}`;
    expect(bytes.get(name) ?? written).toEqual(written);
    bytes.set(name, written);
    newest.set(key, event);
  }
  for (const [key, { version }] of newest) {
    const versions = told.flatMap(({ key: of, event }) => (of === key && isVersioned(event) ? [event.version] : []));
    expect(version).toBe(Math.max(...versions));
  }
  return newest;
}

/** Records that came behind a newer one of their key. */
function olderThanBefore(told: readonly Told<VisitorEvent>[]): number {
  const greatest = new Map<string, number>();
  let older = 0;
  for (const { key, event } of told) {
    if (event.type !== 'VisitorChanged') continue;
    if (event.version < (greatest.get(key) ?? 0)) older += 1;
    greatest.set(key, Math.max(greatest.get(key) ?? 0, event.version));
  }
  return older;
}

async function newestVisitors(): Promise<Map<string, VisitorChanged>> {
  const told = (await topics.visitors()).filter((record): record is Told<VisitorChanged> => record.event.type === 'VisitorChanged');
  return newestOf(told);
}

/** Whatever progress says is applied stands in front of it. */
async function expectProgressToHold(): Promise<number> {
  const expected = await topics.expectedVisitors();
  const evidence = new Map<string, number>();
  let checked = 0;
  for (const { key, event, partition } of await topics.visitors()) {
    if (event.type === 'VisitorChanged') evidence.set(key, Math.max(evidence.get(key) ?? 0, event.evidenceVersion));
    if (event.type !== 'VisitsApplied') continue;
    expect(event.partition).toBe(partition);
    for (const [visitor, { version }] of expected(partition, event.nextOffset)) {
      expect(evidence.get(visitor) ?? 0).toBeGreaterThanOrEqual(version);
      checked += 1;
    }
  }
  return checked;
}

/** The log's newest records say what the tables say, and the tables what the visits say. */
async function expectAllToBeTold(): Promise<void> {
  const ends = await topics.untilPublished();
  const newest = await newestVisitors();
  const expected = await topics.expectedVisitors();
  let visitors = 0;
  for (const [partition, end] of ends)
    for (const [key, row] of expected(partition, end)) {
      visitors += 1;
      expect(newest.get(key)).toMatchObject({
        evidenceVersion: row.version,
        parts: row.parts,
        consents: row.consents,
        lastSeenAt: row.lastSeenAt,
      });
    }
  expect(newest.size).toBe(visitors);
  // Each visitor was looked at behind some word of progress; how many words there are depends on how the visits fell into batches.
  expect(await expectProgressToHold()).toBeGreaterThanOrEqual(visitors);
  const heads = await stack.sql.query<{ key: string; version: number }>(
    '',
    `select tenant_id || ':' || profile_id as key, (content ->> 'version')::int as version from identity.profile_heads order by 1`,
  );
  const profiles = [...newestOf(await topics.profiles())].map(([key, { version }]) => ({ key, version }));
  expect(profiles.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(heads);
}

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'identity'], partitions: 3 });
  await configure(stack, {
    id: 'acme',
    defaultCountry: 'CL',
    shops: [{ id: 'shop', token: TOKEN, webhookSecret: SECRET }],
    pixels: [],
    visits: [{ id: 'web', shop: 'shop', writeKeys: [WRITE_KEY], settings: { allowedOrigins: [ORIGIN] } }],
  });
  await stack.untilReady(await stack.startApp('control'));
  topics = await IdentityTopics.of(stack);
  await eventually('visits are taken', 10_000, async () => {
    await look('first');
    return true;
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

it('visits, an identify call and an order become a profile and a visitor that names it, with evidence that opens', async () => {
  await look('ana', '&ttclid=click-one-of-ana');
  await look('ana', '', 3);
  await look('ana', '&ttclid=click-two-of-ana');
  await identify('ana', 'ana@correo.cl');
  await order(7_001, 'Ana@correo.cl', 'ana');
  await topics.untilPublished();
  const profiles = [...newestOf<ProfileEvent>(await topics.profiles()).values()];
  expect(profiles).toHaveLength(1);
  const [profile] = profiles;
  if (profile?.type !== 'ProfileChanged') throw new Error('no profile');
  expect(profile.subjects.map(({ kind, isShared }) => [kind, isShared])).toEqual([
    ['email', false],
    ['phone', false],
    ['visitor', false],
  ]);
  expect(profile.subjects.every(({ sealedValue, sealedIn }) => sealedValue !== null && sealedIn !== null)).toBe(true);
  const visitor = profile.subjects.find(({ kind }) => kind === 'visitor')?.subjectId;
  const told = (await newestVisitors()).get(`acme:${visitor}`);
  expect(told).toMatchObject({ profileId: profile.profileId, isShared: false, connectionId: 'web' });
  if (told === undefined) throw new Error('no visitor');
  const evidence = await topics.evidenceOf(told);
  expect(evidence.clickIds.map(({ ttclid }) => ttclid)).toEqual(['click-two-of-ana', 'click-one-of-ana']);
  expect(evidence.url).toBe('https://shop.example/cafe?step=1&ttclid=click-two-of-ana');
  expect(evidence.userAgent).toMatch(/^Mozilla/);
  for (const { bytes } of [...(await topics.visitors()), ...(await topics.profiles())])
    expect(bytes.toString('latin1')).not.toMatch(/ana@|correo|click-|tto\.|shop\.example/i);
  await expectAllToBeTold();
});

it('a merge is told of the profile that is no more, and the visitor of both is a shared device', async () => {
  await look('ben');
  await identify('ben', 'ben@correo.cl');
  await order(7_002, 'cleo@correo.cl', 'ben');
  await topics.untilPublished();
  const shared = [...(await newestVisitors()).values()].filter(({ isShared }) => isShared);
  expect(shared.map(({ profileId }) => profileId)).toEqual([null]);
  await expectAllToBeTold();
});

it.each(['visits.after-statement', 'graph.after-statement', 'relay.before-append', 'relay.after-append'])(
  'killed at %s nothing is lost, and no version is told with another content',
  async (failpoint) => {
    await stack.app('identity').child.stop(8_000);
    const armed = await stack.startApp('identity', { env: { TRIBUTARY_FAILPOINT: failpoint } });
    const name = failpoint.replaceAll('.', '-');
    for (const number of [1, 2, 3, 4]) {
      await look(`${name}-${number}`, `&ttclid=click-${name}-${number}`, 2);
      await identify(`${name}-${number}`, `${name}-${number}@correo.cl`);
    }
    expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await stack.untilReady(await stack.startApp('identity'));
    await expectAllToBeTold();
  },
);

it('a relay that froze in its turn and comes back late leaves no older version last', async () => {
  await stack.app('identity').child.stop(8_000);
  const frozen = await stack.startApp('identity', { instance: 'frozen', env: { TRIBUTARY_FAILPOINT: 'relay.before-append:1:stop' } });
  await look('late', '&ttclid=click-of-late');
  const sessions = (): Promise<{ pid: number }[]> =>
    stack.sql.query('', `select pid from pg_stat_activity where application_name = 'tributary-identity' and state = 'idle in transaction'`);
  await eventually('the relay stands still in its turn', 20_000, async () => (await sessions()).length === 1);
  await stack.untilReady(await stack.startApp('identity', { instance: 'identity' }));
  await look('late', '', 2);
  // As when Postgres gives a dead connection up: its turn is over, and it does not know.
  await stack.sql.query(
    '',
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tributary-identity' and state = 'idle in transaction'`,
  );
  await topics.untilPublished();
  process.kill(frozen.child.pid, 'SIGCONT');
  await eventually('what it had in hand arrives late', 20_000, async () => olderThanBefore(await topics.visitors()) > 0);
  await eventually('the newest version is told once more', 20_000, async () => {
    const told = (await topics.visitors()).flatMap(({ key, event }) =>
      event.type === 'VisitorChanged' ? [{ key, version: event.version }] : [],
    );
    const [last, greatest] = [new Map<string, number>(), new Map<string, number>()];
    for (const { key, version } of told) {
      last.set(key, version);
      greatest.set(key, Math.max(greatest.get(key) ?? 0, version));
    }
    return [...greatest].every(([key, version]) => last.get(key) === version);
  });
  await frozen.child.stop(8_000);
  await expectAllToBeTold();
});

describe('a rebuild', () => {
  const digests = async (): Promise<unknown> => JSON.parse((await tributary(stack, ['dump', 'identity', '--json'])).out);
  const rebuild = async (...options: readonly string[]): Promise<{ differing: Record<string, number>; isSwapped: boolean }> => {
    const { code, out, err } = await tributary(stack, ['rebuild', 'identity', '--json', ...options]);
    if (code !== 0) throw new Error(err);
    return JSON.parse(out) as Awaited<ReturnType<typeof rebuild>>;
  };
  const isEqual = { profile_heads: 0, visitor_heads: 0, visitors: 0 };

  it('at rest gives the same bytes, and publishes nothing', async () => {
    await topics.untilPublished();
    const published = async (): Promise<number> => (await topics.visitors()).length + (await topics.profiles()).length;
    const [before, told] = [await digests(), await published()];
    expect(await rebuild('--dry-run')).toMatchObject({ differing: isEqual, isSwapped: false });
    expect(await rebuild()).toMatchObject({ differing: isEqual, isSwapped: true });
    expect(await digests()).toEqual(before);
    await look('after-the-swap');
    await topics.untilPublished();
    // The one new visitor, and its partition's progress.
    expect((await published()) - told).toBe(2);
    await expectAllToBeTold();
  });

  it('has what the visits’ topic does not hold any more, from what was published', async () => {
    const before = await digests();
    const admin = stack.kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(VISIT_EVENTS_TOPIC);
    await admin.deleteTopicRecords({
      topic: VISIT_EVENTS_TOPIC,
      partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
    });
    await admin.disconnect();
    expect(await rebuild()).toMatchObject({ differing: isEqual, isSwapped: true });
    expect(await digests()).toEqual(before);
  });

  it('forgets with the live tables whom nobody has seen for long', async () => {
    expect(await forgetIdleVisitors(stack.sql, 0, 3)).toBe(3);
    await topics.untilPublished();
    expect((await topics.visitors()).filter(({ event }) => event.type === 'VisitorForgotten')).toHaveLength(3);
    const before = await digests();
    expect(await rebuild()).toMatchObject({ differing: isEqual, isSwapped: true });
    expect(await digests()).toEqual(before);
  });
});
