import { createHash } from 'node:crypto';
import { asBrowser } from '../stack/browser.js';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { collect, productView, untilVisitsAtRest, visitLedgerOf, type Page } from '../stack/visit-effects.js';

/** What identity adds to visits, and what a denial takes away from those that wait. */
const ORIGIN = 'https://shop.example';
const KEY = 'write-key-of-the-shop1';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'identity', 'tiktok', 'control'], partitions: 3 });
  await configure(stack, {
    id: 'acme',
    shops: [{ id: 'shop', token: 'token-of-the-shop-01', webhookSecret: 's3cret-Lab', settings: { country: 'CL' } }],
    pixels: [{ id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1' } }],
    visits: [{ id: 'web', shop: 'shop', writeKeys: [KEY], settings: { allowedOrigins: [ORIGIN] } }],
  });
}, 180_000);
afterEach(() => stack.tiktok.control.reset());
afterAll(() => stack?.stop(), 30_000);

const pageOf = (visitorId: string): Page => ({ ingestUrl: stack.app('ingest').url, writeKey: KEY, origin: ORIGIN, visitorId });
const userOf = (eventId: string): unknown => stack.tiktok.received().accepted.find((event) => event.eventId === eventId)?.body?.['user'];

async function identify(body: object): Promise<void> {
  const headers = { origin: ORIGIN, 'sec-fetch-site': 'same-site' };
  const answer = await asBrowser(stack.app('ingest').url, '/v1/identify', { headers, body: { writeKey: KEY, ...body } });
  expect(answer.json).toEqual({ status: 'accepted' });
}

/** Until the app has heard of so many visitors with this consent, or with an owner. */
const untilKnown = (what: string, condition: string, count: number): Promise<void> =>
  eventually(what, 20_000, async () => {
    const [row] = await stack.sql.query<{ known: number }>('', `select count(*)::int as known from tiktok.visitors where ${condition}`);
    return row?.known === count;
  });

it('a visit carries the hashed mails, phones and ids of the person whom its visitor is', async () => {
  const page = pageOf('visitor-who-is-known');
  const first = productView();
  await collect(page, [first]);
  await eventually('it is counted', 20_000, () => userOf(first.eventId) !== undefined);
  await identify({ visitorId: page.visitorId, email: 'Zoe@tienda.example', phone: '+56 9 8765 4321', customerId: '77' });
  await untilKnown('the visitor has an owner', 'profile_id is not null', 1);
  await eventually('and the owner is known', 20_000, async () => (await stack.sql.query('', 'select 1 from tiktok.profiles')).length > 0);
  const second = productView();
  await collect(page, [second]);
  await untilVisitsAtRest(stack);
  expect(userOf(first.eventId)).toMatchObject({ external_id: [sha256('visitor-who-is-known')] });
  expect(userOf(first.eventId)).not.toHaveProperty('email');
  expect(userOf(second.eventId)).toMatchObject({
    email: sha256('zoe@tienda.example'),
    phone: sha256('+56987654321'),
    external_id: [sha256('visitor-who-is-known'), sha256('shop:77')],
  });
  const { body } = await new ControlApi(stack.app('control').url).ask<{ readonly deliveries: readonly object[] }>(
    `/v1/tenants/acme/visits/${second.eventId}`,
  );
  expect(body.deliveries).toMatchObject([
    {
      state: 'delivered',
      matchKeys: ['email', 'external_id', 'phone', 'user_agent'],
      consent: 'none',
      profileId: expect.any(String) as string,
    },
  ]);
});

it('a denial stops what waits, and a yes after it sends nothing of that', async () => {
  stack.tiktok.control.fail({ kind: 'bad-credential', times: 1 });
  const [refusing, staying] = [pageOf('visitor-who-refuses'), pageOf('visitor-who-stays')];
  const [refused, kept] = [productView(), productView()];
  await collect(refusing, [refused], { consent: { ads: 'granted' } });
  await collect(staying, [kept], { consent: { ads: 'granted' } });
  await eventually('the credential is parked', 15_000, async () => {
    const parked = await stack.sql.query('', 'select 1 from tiktok_ops.credentials where parked_at is not null');
    return parked.length === 1;
  });
  const versionOf = async (): Promise<number> => {
    const [row] = await stack.sql.query<{ version: number }>('', 'select coalesce(sum(version), 0)::int as version from tiktok.visitors');
    return row?.version ?? 0;
  };
  await untilKnown('both visitors are known', 'true', 3);
  const before = await versionOf();
  await collect(refusing, [{ ...productView(), type: 'consent', consent: { ads: 'denied' } }]);
  await eventually('the denial is known', 20_000, async () => (await versionOf()) > before);
  await configure(stack, {
    id: 'acme',
    shops: [],
    pixels: [{ id: 'ads', version: 2, accessToken: 'another-token', settings: { pixelCode: 'PIXEL1' } }],
  });
  await untilVisitsAtRest(stack);
  await collect(refusing, [{ ...productView(), type: 'consent', consent: { ads: 'granted' } }]);
  await untilVisitsAtRest(stack);
  const states = new Map((await visitLedgerOf(stack)).map((line) => [line.reference, `${line.state} ${line.reason ?? ''}`.trim()]));
  expect(states.get(refused.eventId)).toMatch(/^(suppressed|unconfirmed) consent-denied$/);
  expect(states.get(kept.eventId)).toBe('delivered');
  expect(userOf(refused.eventId)).toBeUndefined();
});
