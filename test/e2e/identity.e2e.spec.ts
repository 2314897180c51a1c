import { ASSERTION_EVENTS_TOPIC } from '@tributary/codecs';
import { asTenantId, type SubjectId } from '@tributary/domain';
import { signedWebhook } from '../builders/order.builder.js';
import { asBrowser, pageView } from '../stack/browser.js';
import { tributary } from '../stack/command-line.js';
import { ControlApi } from '../stack/control-api.js';
import { eventually } from '../stack/eventually.js';
import { foldedIdentity, storedIdentity } from '../stack/identity-rows.js';
import { KeptVisits, type KeptAssertion } from '../stack/kept-visits.js';
import { paidOrder } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';

const SECRET = 's3cret-Lab';
const ORIGIN = 'https://www.shop.example';
const TENANTS = ['acme', 'beta', 'gamma'];
const ACME = asTenantId('acme');
const ORDERS = 60;

interface Explained {
  readonly standing: { readonly isBlocked: boolean; readonly cutFrom: readonly string[] } | null;
  readonly evidence: { readonly visits: readonly { readonly shows: readonly string[] }[] } | null;
  readonly profileId: string | null;
  readonly isAnonymous: boolean;
  readonly profiles: readonly {
    readonly profileId: string;
    readonly members: readonly { readonly kind: string; readonly subjectId: string; readonly joinedBy: { readonly eventId: string } }[];
    readonly keptApart: readonly { readonly reason: string; readonly dropped: string }[];
  }[];
}

let stack: Stack;
let kept: KeptVisits;
let control: ControlApi;

const tokenOf = (tenant: string): string => `token-of-the-shop-of-${tenant}`;
const writeKeyOf = (tenant: string): string => `write-key-of-${tenant}-0001`;

async function identify(tenant: string, body: object): Promise<void> {
  const answer = await asBrowser(stack.app('ingest').url, '/v1/identify', {
    headers: { origin: ORIGIN, 'sec-fetch-site': 'same-site' },
    body: { writeKey: writeKeyOf(tenant), ...body },
  });
  expect(answer.json).toEqual({ status: 'accepted' });
}

async function order(tenant: string, id: number, email: string, phone: string, visitorId: string, status = 'processing'): Promise<void> {
  const body = paidOrder(id, {
    status,
    customer_id: 0,
    billing: { email, phone, country: 'CL' },
    meta_data: [{ id: 1, key: 'cdp_id', value: visitorId }],
  });
  expect((await postWebhook(stack.app('ingest').url, tokenOf(tenant), signedWebhook(body, SECRET, 'order.updated'))).status).toBe(200);
}

/** Until every assertion of the log is folded. */
async function untilFolded(): Promise<readonly KeptAssertion[]> {
  const assertions = await kept.assertions();
  await eventually('every assertion is folded', 30_000, async () => {
    const [row] = await stack.sql.query<{ folded: number }>(
      '',
      'select coalesce(sum(next_offset), 0)::int as folded from identity.offsets where topic = $1',
      [ASSERTION_EVENTS_TOPIC],
    );
    return row?.folded === assertions.length;
  });
  return assertions;
}

const explain = async (id: string): Promise<Explained> => (await control.ask<Explained>(`/v1/tenants/acme/identity/${id}`)).body;

function subjectIn(assertions: readonly KeptAssertion[], text: string): SubjectId {
  for (const { event, values } of assertions) {
    const index = values.findIndex(({ value }) => value === text);
    const found = event.tenantId === 'acme' ? event.identifiers[index] : undefined;
    if (found !== undefined) return found.subjectId;
  }
  throw new Error(`no assertion of acme names ${text}`);
}

beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'identity'], partitions: 3 });
  await stack.untilReady(await stack.startApp('control'));
  control = new ControlApi(stack.app('control').url);
  for (const id of TENANTS) {
    await configure(stack, {
      id,
      defaultCountry: 'CL',
      shops: [{ id: 'shop', token: tokenOf(id), webhookSecret: SECRET }],
      pixels: [],
      visits: [{ id: 'web', shop: 'shop', writeKeys: [writeKeyOf(id)], settings: { allowedOrigins: [ORIGIN] } }],
    });
  }
  kept = await KeptVisits.of(stack);
  // The write keys are known some moments after the shops.
  await eventually('identify calls are taken', 10_000, async () => {
    await identify('gamma', { visitorId: 'tto.1.1795228693.first', email: 'primera@correo.cl' });
    return true;
  });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

describe('a buyer who was identified and then ordered', () => {
  const visitorId = 'tto.1.1795228693.ana';

  it('is one profile, explained by the assertions that joined it', async () => {
    await identify('acme', { visitorId, email: 'ana@correo.cl' });
    await order('acme', 7_001, 'Ana@Correo.cl', '9 8765 4321', visitorId);
    const assertions = await untilFolded();
    const [identified, ordered] = ['identify', 'order'].map(
      (basis) => assertions.find(({ event }) => event.tenantId === 'acme' && event.basis === basis)?.event,
    );
    const { profiles, profileId, isAnonymous } = await explain(subjectIn(assertions, visitorId));
    expect([isAnonymous, profiles.map((profile) => profile.profileId)]).toEqual([false, [profileId]]);
    expect(profiles[0]?.members.map(({ kind, joinedBy }) => [kind, joinedBy.eventId])).toEqual([
      ['email', identified?.eventId],
      ['visitor', identified?.eventId],
      ['phone', ordered?.eventId],
    ]);
    expect(await explain(String(profileId))).toMatchObject({ kind: 'profile', profileId, profiles });
  });

  it('is told so on the command line, without a personal value', async () => {
    const visitor = subjectIn(await kept.assertions(), visitorId);
    const { code, out, err } = await tributary(stack, ['identity', 'explain', 'acme', visitor]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^visitor ${visitor} belongs to profile [0-9a-f-]{36}\\.\\n`));
    expect(out).toMatch(/phone [0-9a-f-]{36} since \S+: order shop:7001 \(assertion [0-9a-f-]{36}\)/);
    expect(out).not.toMatch(/ana|correo|98765|tto\./i);
  });

  it('is not changed by another change of the order', async () => {
    const before = await storedIdentity(stack.sql, ACME);
    const { length } = await kept.assertions();
    await order('acme', 7_001, 'Ana@Correo.cl', '9 8765 4321', visitorId, 'completed');
    expect(await untilFolded()).toHaveLength(length + 1);
    expect(await storedIdentity(stack.sql, ACME)).toEqual(before);
  });

  it('shares a phone with somebody else, who stays apart, and a device, which is nobody’s then', async () => {
    await order('acme', 7_002, 'ben@correo.cl', '9 8765 4321', visitorId);
    const assertions = await untilFolded();
    const visitor = await explain(subjectIn(assertions, visitorId));
    expect([visitor.isAnonymous, visitor.profiles.length]).toEqual([true, 2]);
    const ben = await explain(subjectIn(assertions, 'ben@correo.cl'));
    expect(ben.profiles[0]?.keptApart).toMatchObject([{ reason: 'another-email', dropped: subjectIn(assertions, '+56987654321') }]);
  });
});

it.each(['acme', 'nobody'])('an id that was never seen is answered with 404 (tenant %s)', async (tenant) => {
  expect((await control.ask(`/v1/tenants/${tenant}/identity/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
});

it('of a visitor it is told what its visits show, and not what they hold', async () => {
  const visitor = subjectIn(await kept.assertions(), 'tto.1.1795228693.ana');
  const events = [pageView({ url: 'https://shop.example/cafe?ttclid=click-of-ana' })];
  const body = { writeKey: writeKeyOf('acme'), visitorId: 'tto.1.1795228693.ana', consent: { ads: 'granted' }, events };
  const answer = await asBrowser(stack.app('ingest').url, '/v1/collect', {
    headers: { origin: ORIGIN, 'sec-fetch-site': 'same-site' },
    body,
  });
  expect(answer.status).toBe(200);
  await eventually('the visit is folded', 10_000, async () => ((await explain(visitor)).evidence?.visits.length ?? 0) > 0);
  expect((await explain(visitor)).evidence?.visits[0]?.shows).toEqual(expect.arrayContaining(['ttclid', 'url', 'userAgent']));
  const { out } = await tributary(stack, ['identity', 'explain', 'acme', visitor]);
  expect(out).toMatch(/visit [0-9a-f-]{36} \S+ shows .*ttclid.* \(click [0-9a-f]{16}\)/);
  expect(out).not.toMatch(/click-of-ana|cafe|Mozilla/);
});

it('with two replicas, one killed after a statement, the graph is what the log gives', async () => {
  await stack.untilReady(
    await stack.startApp('identity', { instance: 'identity-2', env: { TRIBUTARY_FAILPOINT: 'graph.after-statement' } }),
  );
  const armed = stack.app('identity-2');
  for (let number = 0; number < ORDERS; number += 1) {
    const tenant = TENANTS[number % TENANTS.length] ?? 'acme';
    const person = Math.floor(number / 9);
    await order(tenant, 8_000 + number, `p${person}@correo.cl`, `9 7000 ${1000 + (number % 7)}`, `tto.1.1795228693.d${number % 11}`);
  }
  expect(await armed.child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  const assertions = await untilFolded();
  for (const tenant of TENANTS.map(asTenantId)) {
    const log = assertions.filter(({ event }) => event.tenantId === tenant).map(({ event }) => event);
    expect(log.length).toBeGreaterThan(15);
    expect(await storedIdentity(stack.sql, tenant)).toEqual(foldedIdentity(tenant, log));
  }
});

describe('an operator', () => {
  const decide = async (...args: readonly string[]): Promise<void> => {
    const { code, out, err } = await tributary(stack, ['identity', ...args]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Decided: it stands in the log/);
  };
  const untilStanding = (id: string, isSo: (told: Explained) => boolean): Promise<void> =>
    eventually('the decision is folded', 10_000, async () => isSo(await explain(id)));
  const membersOf = ({ profiles }: Explained): readonly string[] =>
    profiles.flatMap(({ members }) => members.map(({ subjectId }) => subjectId)).toSorted();

  let subjects: readonly [mail: SubjectId, phone: SubjectId];
  beforeAll(async () => {
    const assertions = await kept.assertions();
    subjects = [subjectIn(assertions, 'ana@correo.cl'), subjectIn(assertions, '+56987654321')];
  });

  it('blocks a mail, which takes back what it joined, and takes the decision back', async () => {
    const [mail, phone] = subjects;
    const before = await explain(mail);
    expect(membersOf(before)).toContain(phone);
    await decide('block', 'acme', mail, '--reason', 'shared-mail');
    await untilStanding(mail, ({ standing }) => standing?.isBlocked === true);
    expect(membersOf(await explain(mail))).toEqual([]);
    expect((await tributary(stack, ['identity', 'explain', 'acme', mail])).out).toContain('blocked by an operator');
    await decide('unblock', 'acme', mail);
    await untilStanding(mail, ({ standing }) => standing?.isBlocked === false);
    expect(membersOf(await explain(mail))).toEqual(membersOf(before));
  });

  it('cuts two apart, and takes that back, too', async () => {
    const [one, other] = subjects;
    await decide('cut', 'acme', one, other);
    await untilStanding(one, ({ standing }) => standing?.cutFrom.includes(other) === true);
    expect(membersOf(await explain(one))).not.toContain(other);
    await decide('uncut', 'acme', other, one);
    await untilStanding(one, ({ standing }) => standing?.cutFrom.length === 0);
    expect(membersOf(await explain(one))).toContain(other);
  });

  it('is told of an id that is none, and of a reason that is a sentence', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    const path = `/v1/tenants/acme/identity/${unknown}/block`;
    expect((await control.ask(path, { method: 'POST', body: {} })).status).toBe(404);
    expect((await control.ask(path, { method: 'POST', body: { reason: 'Because of Ana' } })).status).toBe(400);
  });
});
