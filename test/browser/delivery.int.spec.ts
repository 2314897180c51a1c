import { createHash } from 'node:crypto';
import { eventually } from '../stack/eventually.js';
import { describeInChromium } from './chromium.js';
import { ShopSite, type Visitor } from './shop-site.js';
import { homePage, PIXEL, simpleProductPage } from './woocommerce-pages.js';

const WITHIN_MS = 15_000;

describeInChromium('visits on their way to the collector', () => {
  let site: ShopSite;
  let visitor: Visitor;
  const head = (): string => PIXEL + site.tag('data-consent="not-required"');
  const pageViews = (): string[] => site.collector.visits('page_view').map(({ url }) => new URL(url).search);
  const seen = (...searches: string[]): Promise<void> =>
    eventually(`page views ${searches.join()} are seen (${pageViews().join()})`, WITHIN_MS, () =>
      searches.every((search) => pageViews().includes(search)),
    );
  const queued = (): Promise<string | null> => visitor.page.evaluate<string | null>(`localStorage.getItem('tributary.queue')`);

  beforeAll(async () => {
    site = await ShopSite.open();
  }, 60_000);
  afterAll(() => site.close());
  beforeEach(async () => {
    visitor = await site.visitor();
    site.pages.set('/', homePage({ head: head() }));
    site.pages.set('/product/beanie/', simpleProductPage({ head: head() }));
  });
  afterEach(async () => {
    await visitor.context.close();
    expect([...site.collector.problems, ...visitor.errors]).toEqual([]);
  });

  it('leave the queue once the collector has them', async () => {
    await visitor.open('/?a');
    await seen('?a');
    await eventually('the queue is empty', WITHIN_MS, async () => (await queued()) === null);
  });

  it('wait while the browser is offline and arrive when it is back', async () => {
    await visitor.open('/?a');
    await seen('?a');
    await visitor.context.setOffline(true);
    const id = await visitor.call('track', 'lead');
    await eventually('the visit waits', WITHIN_MS, async () => (await queued())?.includes(String(id)) === true);
    const before = site.collector.requests;
    await visitor.context.setOffline(false);
    await eventually('the visit arrives', WITHIN_MS, () => site.collector.visits('lead').length === 1);
    expect(site.collector.requests).toBeGreaterThan(before);
    expect(site.collector.visits('lead')[0]?.eventId).toBe(id);
  });

  it('are sent again when the collector could not keep them, as long as it asks to wait', async () => {
    site.collector.refusals = [{ status: 503, retryAfterSeconds: 1 }];
    await visitor.open('/?a');
    await seen('?a');
    expect(site.collector.requests).toBe(2);
    await eventually('the queue is empty', WITHIN_MS, async () => (await queued()) === null);
  });

  it('are taken along by the next page when this one had no answer', async () => {
    site.collector.refusals = [{ status: 503 }];
    await visitor.open('/?a');
    await eventually('the visit was refused', WITHIN_MS, () => site.collector.requests === 1);
    await visitor.open('/?b');
    await seen('?a', '?b');
    expect(site.collector.visitors()).toHaveLength(1);
  });

  it('are given up when the collector says that they are wrong', async () => {
    site.collector.refusals = [{ status: 401 }];
    await visitor.open('/?a');
    await eventually('the queue is empty', WITHIN_MS, async () => site.collector.requests === 1 && (await queued()) === null);
    await visitor.open('/?b');
    await seen('?b');
    expect(pageViews()).toEqual(['?b']);
  });

  it('leave with the page that is being left', async () => {
    await visitor.open('/product/beanie/');
    await Promise.all([visitor.page.waitForURL('**/cart'), visitor.page.click('button')]);
    await eventually('the addition is seen', WITHIN_MS, () => site.collector.visits('cart_add').length === 1);
  });

  it('go on without storage', async () => {
    await visitor.context.addInitScript(`Object.defineProperty(window, 'localStorage', { get: () => { throw new Error('off'); } })`);
    site.collector.refusals = [{ status: 503 }];
    await visitor.open('/?a');
    await seen('?a');
  });

  it('carry an identity whose mail and phone are hashed in the browser', async () => {
    await visitor.open('/');
    await visitor.call('identify', { email: ' Ana@Shop.Test ', phone: '+56912345678', customerId: '7' });
    await visitor.call('identify', { phone: '9 1234 5678' });
    await eventually('both arrive', WITHIN_MS, () => site.collector.identities.length === 2);
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    const byTime = site.collector.identities.toSorted((one, other) => Number(one.phone !== undefined) - Number(other.phone !== undefined));
    expect(byTime).toMatchObject([
      { email_sha256: sha256('ana@shop.test'), phone_sha256: sha256('+56912345678'), customerId: '7' },
      { phone: '9 1234 5678' },
    ]);
    expect(JSON.stringify(byTime)).not.toContain('Shop.Test');
  });

  it('are as large as a beacon may be when many wait', async () => {
    await visitor.open('/?a');
    await seen('?a');
    await visitor.context.setOffline(true);
    const count = 120;
    for (let index = 0; index < count; index += 1) await visitor.call('track', 'lead', { properties: { text: 'x'.repeat(500), index } });
    await visitor.context.setOffline(false);
    await eventually('all arrive', WITHIN_MS, () => site.collector.visits('lead').length === count);
    expect(Math.max(...site.collector.batches.map((batch) => JSON.stringify(batch).length))).toBeLessThan(64 * 1024);
  });
});
