import { eventually } from '../stack/eventually.js';
import { describeInChromium } from './chromium.js';
import { ShopSite, type Visitor } from './shop-site.js';
import { classicListPage, homePage, PIXEL, simpleProductPage, thankYouPage } from './woocommerce-pages.js';

const WITHIN_MS = 5_000;
/** Twice as long as the script gathers before it sends: what would leave has left by then. */
const SETTLED_MS = 500;

const ORDER = { orderId: '17', eventId: 'wc_order_17', isPaid: true, isDue: true };

/** A banner by the Transparency & Consent Framework: `decide` is its visitor's click. */
const TCF = `<script>
window.__tcfapi = function (command, version, callback) {
  window.decide = function (purposes) {
    callback({ eventStatus: 'useractioncomplete', gdprApplies: true, purpose: { consents: purposes } }, true);
  };
  callback({ eventStatus: 'cmpuishown', gdprApplies: true, purpose: { consents: {} } }, true);
};
</script>`;
const GOOGLE = `<script>
window.dataLayer = window.dataLayer || [];
function gtag() { dataLayer.push(arguments); }
gtag('consent', 'default', { ad_storage: 'denied', ad_user_data: 'denied', region: ['CH'] });
gtag('consent', 'default', { ad_storage: 'denied', ad_user_data: 'denied', wait_for_update: 500 });
</script>`;

describeInChromium('consent', () => {
  let site: ShopSite;
  let visitor: Visitor;
  const required = (): string => PIXEL + site.tag('data-consent="required"');

  const settled = (): Promise<void> => visitor.page.waitForTimeout(SETTLED_MS);
  const nothingLeft = async (): Promise<void> => {
    await settled();
    expect({
      requests: site.collector.requests,
      cookies: await visitor.cookies(),
      stored: await visitor.stored(),
      pixel: await visitor.pixel(),
    }).toEqual({ requests: 0, cookies: {}, stored: [], pixel: [] });
  };
  const typesSeen = (): string[] => site.collector.visits().map(({ type }) => type);
  const seen = async (...types: string[]): Promise<void> => {
    await eventually(`${types.join()} are seen (${typesSeen().join()})`, WITHIN_MS, () =>
      types.every((type) => typesSeen().includes(type)),
    );
    expect(new Set(typesSeen())).toEqual(new Set(types));
  };

  beforeAll(async () => {
    site = await ShopSite.open();
  }, 60_000);
  afterAll(() => site.close());
  beforeEach(async () => {
    visitor = await site.visitor();
    site.pages.set('/', homePage({ head: required() }));
    site.pages.set('/product/beanie/', simpleProductPage({ head: required() }));
    site.pages.set('/classic', classicListPage({ head: required() }));
    site.pages.set('/thank-you', thankYouPage({ head: required() }, ORDER));
  });
  afterEach(async () => {
    await visitor.context.close();
    expect([...site.collector.problems, ...visitor.errors]).toEqual([]);
  });

  it('not yet given: no cookie, nothing stored, nothing leaves, on no page', async () => {
    await visitor.open('/?ttclid=E.C.P.one');
    await visitor.open('/product/beanie/');
    await visitor.open('/classic');
    await visitor.page.click('.ajax_add_to_cart');
    await visitor.call('identify', { email: 'a@b.example' });
    await visitor.open('/thank-you');
    await nothingLeft();
    expect(site.collector.identities).toEqual([]);
  });

  it('refused: what was held is dropped and the rest is never held', async () => {
    await visitor.open('/classic');
    await visitor.call('consent', { ads: 'denied' });
    await visitor.page.click('.ajax_add_to_cart');
    await visitor.call('track', 'lead');
    await nothingLeft();
    await visitor.call('consent', { ads: 'granted' });
    await seen('consent');
    expect(site.collector.visits()).toMatchObject([{ type: 'consent', signal: 'api', consent: { ads: 'granted' } }]);
  });

  it('given: what was held leaves with it, and the next page needs no new answer', async () => {
    await visitor.open('/product/beanie/?ttclid=E.C.P.one');
    await nothingLeft();
    await visitor.call('consent', { ads: 'granted' });
    await seen('consent', 'page_view', 'product_view');
    expect(site.collector.visits().map(({ consent }) => consent)).toEqual([{ ads: 'granted' }, { ads: 'granted' }, { ads: 'granted' }]);
    expect(site.collector.batches[0]).toMatchObject({ consent: { ads: 'granted' }, ttclid: 'E.C.P.one' });
    expect(Object.keys(await visitor.cookies()).toSorted()).toEqual(['_ttoaid', 'ttclid']);
    expect(await visitor.pixel()).toMatchObject([{ event: 'ViewContent', eventId: site.collector.visits('product_view')[0]?.eventId }]);
    await visitor.open('/');
    await eventually('the next page is seen', WITHIN_MS, () => site.collector.visits('page_view').length === 2);
    expect(site.collector.visits('consent')).toHaveLength(1);
  });

  it('withdrawn: the withdrawal leaves, then nothing; cookies and storage are empty', async () => {
    await visitor.open('/?ttclid=E.C.P.one');
    await visitor.call('consent', { ads: 'granted' });
    await seen('consent', 'page_view');
    const [visitorId] = site.collector.visitors();
    await visitor.call('consent', { ads: 'denied' });
    await eventually('the withdrawal is seen', WITHIN_MS, () => site.collector.visits('consent').length === 2);
    expect(site.collector.visits('consent')[1]).toMatchObject({ consent: { ads: 'denied' }, signal: 'api' });
    expect(site.collector.batches.at(-1)).toMatchObject({ visitorId, consent: { ads: 'denied' } });
    expect(await visitor.page.evaluate('isRevoked')).toBe(true);
    const before = site.collector.requests;
    await visitor.call('track', 'lead');
    await visitor.open('/');
    await settled();
    expect({ requests: site.collector.requests - before, cookies: await visitor.cookies(), stored: await visitor.stored() }).toEqual({
      requests: 0,
      cookies: {},
      stored: [],
    });
  });

  it('by Global Privacy Control: refused, where it is required and where it is not, whatever the page says', async () => {
    await visitor.context.addInitScript(`Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })`);
    for (const setting of ['required', 'not-required']) {
      site.pages.set('/', homePage({ head: PIXEL + site.tag(`data-consent="${setting}"`) }));
      await visitor.open('/');
      await visitor.call('consent', { ads: 'granted' });
      await settled();
      expect([site.collector.requests, await visitor.cookies(), await visitor.pixel()]).toEqual([0, {}, []]);
    }
  });

  it('by TCF: awaited while the banner is open, given by its purposes, refused without one of them', async () => {
    site.pages.set('/', homePage({ head: TCF + PIXEL + site.tag('data-consent="not-required"') }));
    await visitor.open('/');
    await nothingLeft();
    await visitor.page.evaluate('decide({ 1: true, 3: true, 4: true, 7: true })');
    await seen('consent', 'page_view');
    expect(site.collector.visits('consent')).toMatchObject([{ signal: 'tcf' }]);
    await visitor.page.evaluate('decide({ 1: true, 3: true, 4: false, 7: true })');
    await eventually('the withdrawal is seen', WITHIN_MS, () => site.collector.visits('consent').length === 2);
    expect(await visitor.cookies()).toEqual({});
  });

  it('by Google’s consent mode: a default of denied awaits the update; another region’s default says nothing', async () => {
    site.pages.set('/', homePage({ head: GOOGLE + PIXEL + site.tag('data-consent="not-required"') }));
    await visitor.open('/');
    await nothingLeft();
    await visitor.page.evaluate(`gtag('consent', 'update', { ad_storage: 'granted', ad_user_data: 'granted' })`);
    await seen('consent', 'page_view');
    expect(site.collector.visits('consent')).toMatchObject([{ signal: 'gcm' }]);
  });

  it('by Google’s consent mode: ad_user_data refused is refused', async () => {
    site.pages.set('/', homePage({ head: GOOGLE + PIXEL + site.tag('data-consent="required"') }));
    await visitor.open('/');
    await visitor.page.evaluate(`gtag('consent', 'update', { ad_storage: 'granted', ad_user_data: 'denied' })`);
    await nothingLeft();
  });

  it('by the WP Consent API: from its cookie, and from its event', async () => {
    await visitor.context.addCookies([{ name: 'wp_consent_marketing', value: 'deny', domain: 'www.shop.localhost', path: '/' }]);
    await visitor.open('/');
    await settled();
    expect([site.collector.requests, await visitor.stored()]).toEqual([0, []]);
    await visitor.page.evaluate(
      `document.dispatchEvent(new CustomEvent('wp_listen_for_consent_change', { detail: { marketing: 'allow' } }))`,
    );
    await seen('consent');
    expect(site.collector.visits('consent')).toMatchObject([{ signal: 'wp' }]);
  });

  it('not required: visits leave without an answer, and an opt-out outlives the page', async () => {
    site.pages.set('/', homePage({ head: PIXEL + site.tag('data-consent="not-required"') }));
    await visitor.open('/');
    await seen('page_view');
    expect(site.collector.batches[0]?.consent).toBeUndefined();
    await visitor.call('consent', { ads: 'denied' });
    await seen('page_view', 'consent');
    const before = site.collector.requests;
    await visitor.open('/');
    await settled();
    expect([site.collector.requests - before, await visitor.cookies(), await visitor.stored()]).toEqual([0, {}, ['tributary.answer']]);
  });
});
