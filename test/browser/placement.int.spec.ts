import { eventually } from '../stack/eventually.js';
import { buildPageScript } from './built-page-script.js';
import { describeInChromium } from './chromium.js';
import { ShopSite, type Visitor } from './shop-site.js';
import { classicListPage, homePage, JQUERY, PIXEL, simpleProductPage } from './woocommerce-pages.js';

const WITHIN_MS = 5_000;
const SETTLED_MS = 500;
const STUB = 'window.tributary = window.tributary || function () { (tributary.q = tributary.q || []).push(arguments); };';

describeInChromium('the script wherever it stands', () => {
  let site: ShopSite;
  let source: string;
  let visitor: Visitor;
  const settled = (): Promise<void> => visitor.page.waitForTimeout(SETTLED_MS);
  const seen = (type: string): Promise<void> => eventually(`${type} is seen`, WITHIN_MS, () => site.collector.visits(type).length > 0);
  const init = (): string =>
    `${STUB}tributary('init', ${JSON.stringify({ writeKey: 'write-key-of-the-shop', host: site.collectorUrl, consent: 'not-required' })});`;
  const tag = (): string => site.tag('data-consent="not-required"');

  beforeAll(async () => {
    source = String(await buildPageScript());
    site = await ShopSite.open();
  }, 60_000);
  afterAll(() => site.close());
  beforeEach(async () => {
    visitor = await site.visitor();
  });
  afterEach(async () => {
    await visitor.context.close();
    expect([...site.collector.problems, ...visitor.errors]).toEqual([]);
  });

  it('answers calls that were made before it was there', async () => {
    site.pages.set('/', homePage({ head: `<script>${STUB}tributary('track', 'lead', { value: 5, currency: 'EUR' });</script>${tag()}` }));
    await visitor.open('/');
    await seen('lead');
    expect(site.collector.visits('lead')).toMatchObject([{ value: 5, currency: 'EUR' }]);
  });

  it('runs once, although the page, the tag manager and an optimiser have brought it', async () => {
    const head = `${tag()}${tag()}<script>${init()}</script>${tag()}`;
    site.pages.set('/', homePage({ head }));
    await visitor.open('/');
    await seen('page_view');
    await visitor.page.addScriptTag({ content: source });
    await settled();
    expect(site.collector.visits('page_view')).toHaveLength(1);
  });

  it('runs when it was combined with other scripts, by the settings that stand in the page', async () => {
    site.pages.set(
      '/product/beanie/',
      simpleProductPage({ head: `<script>${init()}</script><script>var other = 1;${source};var more = 2;</script>` }),
    );
    await visitor.open('/product/beanie/');
    await seen('product_view');
  });

  it('runs when it was combined with other scripts ahead of its settings', async () => {
    site.pages.set('/', homePage({ head: `<script>${source}</script><script>${init()}</script>` }));
    await visitor.open('/');
    await seen('page_view');
  });

  it('runs when it was held back until the first touch, and hears the shop’s own scripts that come even later', async () => {
    const delayed = `<script type="rocketlazyloadscript" data-rocket-src="${site.collectorUrl}/v1/tributary.js" data-write-key="write-key-of-the-shop" data-consent="not-required"></script>
<script>
addEventListener('pointerdown', function () {
  document.querySelectorAll('[type=rocketlazyloadscript]').forEach(function (held) {
    var script = document.createElement('script');
    script.src = held.dataset.rocketSrc;
    Object.assign(script.dataset, held.dataset);
    held.replaceWith(script);
  });
}, { once: true });
</script>`;
    const late = classicListPage({ head: delayed })
      .replace(JQUERY, '')
      .replace(/<script>\njQuery[\s\S]*<\/script>/, '');
    site.pages.set('/classic', late);
    await visitor.open('/classic');
    await settled();
    expect(site.collector.requests).toBe(0);
    await visitor.page.click('body');
    await seen('page_view');
    await visitor.page.evaluate(`(() => { ${JQUERY.replace(/<\/?script>/g, '')} })()`);
    await visitor.page.waitForTimeout(1_000); // the script looks for jQuery twice a second
    await visitor.page.evaluate(
      `jQuery(document.body).trigger('added_to_cart', [{}, 'hash', [document.querySelector('.ajax_add_to_cart')]])`,
    );
    await seen('cart_add');
  });

  it('tells visitors of one cached page apart', async () => {
    site.pages.set('/', homePage({ head: tag() }));
    await visitor.open('/');
    await seen('page_view');
    const [firstVisitor] = site.collector.visitors();
    const [first] = site.collector.visits('page_view');
    await visitor.context.close();
    visitor = await site.visitor();
    await visitor.open('/');
    await seen('page_view');
    expect(site.collector.visitors()).not.toContain(firstVisitor);
    expect(site.collector.visits('page_view')[0]?.eventId).not.toBe(first?.eventId);
  });

  it('takes another address for visits, such as a neutral path on the shop’s own host', async () => {
    const own = `data-collect-url="${site.collectorUrl}/v1/collect" data-identify-url="${site.collectorUrl}/v1/identify"`;
    site.pages.set(
      '/',
      homePage({
        head: `<script>${source}</script><script type="text/plain" data-write-key="write-key-of-the-shop" ${own} data-consent="not-required"></script>`,
      }),
    );
    await visitor.open('/');
    await seen('page_view');
  });

  it('does nothing without a write key', async () => {
    site.pages.set('/', homePage({ head: PIXEL + `<script src="${site.collectorUrl}/v1/tributary.js"></script>` }));
    await visitor.open('/');
    await settled();
    expect([site.collector.requests, await visitor.cookies(), await visitor.stored(), await visitor.pixel()]).toEqual([0, {}, [], []]);
  });

  describe('beside a GA4 data layer', () => {
    const layer = (script: string): string =>
      `<script>dataLayer = []; function gtag() { dataLayer.push(arguments); }${script}</script>${PIXEL}${tag()}`;
    const ITEMS = [{ item_id: 'SKU-9', item_name: 'Scarf', price: '9.50', quantity: 2 }];

    it('tells what the data layer says, and what the page says too only once', async () => {
      const view = { currency: 'EUR', value: 9.5, items: ITEMS };
      site.pages.set(
        '/product/beanie/',
        simpleProductPage({ head: layer(`dataLayer.push(${JSON.stringify({ event: 'view_item', ecommerce: view })});`) }),
      );
      await visitor.open('/product/beanie/');
      await seen('page_view');
      await settled();
      expect(site.collector.visits('product_view')).toMatchObject([
        { contents: [{ contentId: 'SKU-9', name: 'Scarf', price: 9.5, quantity: 2 }], value: 9.5, currency: 'EUR' },
      ]);
    });

    it('tells what is pushed later, by gtag too, and keeps the page’s own push going', async () => {
      site.pages.set('/', homePage({ head: layer('') }));
      await visitor.open('/');
      await seen('page_view');
      await visitor.page.evaluate(`gtag('event', 'begin_checkout', ${JSON.stringify({ currency: 'EUR', value: 19, items: ITEMS })})`);
      await visitor.page.evaluate(
        `dataLayer.push({ event: 'add_payment_info', ecommerce: ${JSON.stringify({ currency: 'EUR', value: 19, items: ITEMS })} })`,
      );
      await seen('payment_info');
      expect(site.collector.visits().map(({ type }) => type)).toEqual(['page_view', 'checkout_start', 'payment_info']);
      expect((await visitor.pixel()).map(({ event }) => event)).toEqual(['InitiateCheckout', 'AddPaymentInfo']);
      expect(await visitor.page.evaluate('dataLayer.length')).toBe(2);
    });

    it('guesses no product that the data layer does not name', async () => {
      site.pages.set(
        '/',
        homePage({ head: layer(`dataLayer.push({ event: 'add_to_cart', ecommerce: { items: [{ item_name: 'Scarf' }] } });`) }),
      );
      await visitor.open('/');
      await seen('page_view');
      await settled();
      expect(site.collector.visits('cart_add')).toEqual([]);
    });
  });
});
