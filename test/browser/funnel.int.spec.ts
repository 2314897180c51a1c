import { eventually } from '../stack/eventually.js';
import { describeInChromium } from './chromium.js';
import { ShopSite, type Visitor } from './shop-site.js';
import {
  bareProductPage,
  blockCheckoutPage,
  blockListPage,
  classicCheckoutPage,
  classicListPage,
  groupedProductPage,
  homePage,
  PIXEL,
  searchPage,
  simpleProductPage,
  variableProductPage,
} from './woocommerce-pages.js';

const WITHIN_MS = 5_000;

describeInChromium('the funnel of a plain shop', () => {
  let site: ShopSite;
  let visitor: Visitor;
  const head = (): string => PIXEL + site.tag('data-consent="not-required"');
  const seen = async (type: string): Promise<void> =>
    eventually(`${type} is seen (${site.collector.problems.join()})`, WITHIN_MS, () => site.collector.visits(type).length > 0);

  beforeAll(async () => {
    site = await ShopSite.open();
    for (const [path, page] of Object.entries({
      '/': homePage,
      '/search': searchPage,
      '/product/beanie/': simpleProductPage,
      '/product/bare/': bareProductPage,
      '/product/hoodie/': variableProductPage,
      '/product/set/': groupedProductPage,
      '/classic': classicListPage,
      '/blocks': blockListPage,
      '/checkout': classicCheckoutPage,
      '/block-checkout': blockCheckoutPage,
    }))
      site.pages.set(path, page({ head: head() }));
  }, 60_000);
  afterAll(() => site.close());
  beforeEach(async () => {
    visitor = await site.visitor();
  });
  afterEach(async () => {
    await visitor.context.close();
    expect([...site.collector.problems, ...visitor.errors]).toEqual([]);
  });

  it('tells a page view with address, language and click id, and sets the visitor’s cookie on the shop’s own domain', async () => {
    await visitor.context.addCookies([{ name: '_ttp', value: 'ttp-1', domain: '.shop.localhost', path: '/' }]);
    await visitor.open('/?ttclid=E.C.P.one');
    await seen('page_view');
    const [batch] = site.collector.batches;
    expect(batch).toMatchObject({ locale: 'es-CL', ttclid: 'E.C.P.one', ttclidAt: expect.any(String), ttp: 'ttp-1' });
    expect(site.collector.visits('page_view')[0]).toMatchObject({ url: `${site.shopUrl}/?ttclid=E.C.P.one` });
    const cookies = await visitor.context.cookies();
    expect(cookies.find(({ name }) => name === '_ttoaid')).toMatchObject({
      value: batch?.visitorId,
      domain: '.shop.localhost',
      sameSite: 'Lax',
    });
    expect(cookies.find(({ name }) => name === 'ttclid')).toMatchObject({ value: 'E.C.P.one', domain: '.shop.localhost' });
    expect(await visitor.page.evaluate('identified')).toEqual({ external_id: batch?.visitorId });
  });

  it('keeps the visitor and the click id from page to page', async () => {
    await visitor.open('/?ttclid=E.C.P.one');
    await seen('page_view');
    await visitor.open('/search?s=blue+hat');
    await seen('search');
    expect(site.collector.visitors()).toHaveLength(1);
    expect(site.collector.batches.at(-1)).toMatchObject({ ttclid: 'E.C.P.one' });
    expect(site.collector.visits('search')).toMatchObject([{ searchText: 'blue hat' }]);
  });

  it('tells the product of a page by its structured data, with one id for pixel and collector', async () => {
    await visitor.open('/product/beanie/');
    await seen('product_view');
    const [view] = site.collector.visits('product_view');
    expect(view).toMatchObject({
      contentType: 'product',
      contents: [{ contentId: 'woo-beanie', name: 'Beanie', price: 18_000, quantity: 1 }],
      value: 18_000,
      currency: 'CLP',
    });
    expect(await visitor.pixel()).toEqual([
      {
        event: 'ViewContent',
        eventId: view?.eventId,
        properties: {
          contents: [{ content_id: 'woo-beanie', content_name: 'Beanie', price: 18_000, quantity: 1 }],
          content_type: 'product',
          value: 18_000,
          currency: 'CLP',
        },
      },
    ]);
  });

  it('names a product without structured data by its id and guesses neither name nor price', async () => {
    await visitor.open('/product/bare/');
    await seen('product_view');
    const [view] = site.collector.visits('product_view');
    expect(view?.['contents']).toEqual([{ contentId: '15', quantity: 1 }]);
    expect([view?.['value'], view?.['currency']]).toEqual([undefined, undefined]);
  });

  it('tells an addition that loads a page, although the page is left', async () => {
    await visitor.open('/product/beanie/');
    await Promise.all([visitor.page.waitForURL('**/cart'), visitor.page.click('button')]);
    await seen('cart_add');
    const [added] = site.collector.visits('cart_add');
    expect(added).toMatchObject({ contents: [{ contentId: 'woo-beanie', price: 18_000, quantity: 2 }], value: 36_000, currency: 'CLP' });
    expect((await visitor.pixel()).filter(({ event }) => event === 'AddToCart')).toMatchObject([{ eventId: added?.eventId }]);
  });

  it('tells the variation that was chosen', async () => {
    await visitor.open('/product/hoodie/');
    await visitor.page.evaluate(`document.querySelector('[name=variation_id]').value = '21'`);
    await Promise.all([visitor.page.waitForURL('**/cart'), visitor.page.click('button')]);
    await seen('cart_add');
    expect(site.collector.visits('cart_add')).toMatchObject([{ contents: [{ contentId: 'hoodie-blue', price: 45_000, quantity: 1 }] }]);
  });

  it('tells every product of a group that was taken', async () => {
    await visitor.open('/product/set/');
    await Promise.all([visitor.page.waitForURL('**/cart'), visitor.page.click('button')]);
    await seen('cart_add');
    expect(site.collector.visits('cart_add')[0]?.['contents']).toEqual([
      { contentId: '31', quantity: 1 },
      { contentId: '33', quantity: 2 },
    ]);
  });

  it('tells nothing where no variation was chosen', async () => {
    await visitor.open('/product/hoodie/');
    await Promise.all([visitor.page.waitForURL('**/cart'), visitor.page.click('button')]);
    await visitor.open('/');
    await eventually('the home page is seen', WITHIN_MS, () => site.collector.visits().some(({ url }) => url === `${site.shopUrl}/`));
    expect(site.collector.visits('cart_add')).toEqual([]);
  });

  it('tells an addition by jQuery once, although WooCommerce tells it twice', async () => {
    await visitor.open('/classic');
    await visitor.page.click('.ajax_add_to_cart');
    await seen('cart_add');
    await visitor.page.evaluate(`document.body.dispatchEvent(new CustomEvent('wc-blocks_added_to_cart'))`);
    await visitor.page.click('.ajax_add_to_cart');
    await eventually('the second click is seen', WITHIN_MS, () => site.collector.visits('cart_add').length > 1);
    expect(site.collector.visits('cart_add').map(({ contents }) => contents)).toEqual([
      [{ contentId: 'woo-cap', quantity: 1 }],
      [{ contentId: 'woo-cap', quantity: 1 }],
    ]);
    expect((await visitor.pixel()).filter(({ event }) => event === 'AddToCart').map(({ eventId }) => eventId)).toEqual(
      site.collector.visits('cart_add').map(({ eventId }) => eventId),
    );
  });

  it('tells an addition by a plain link', async () => {
    await visitor.open('/classic');
    await Promise.all([visitor.page.waitForURL('**/classic?add-to-cart=43'), visitor.page.click('text=Add by link')]);
    await seen('cart_add');
    expect(site.collector.visits('cart_add')[0]?.['contents']).toEqual([{ contentId: '43', quantity: 1 }]);
  });

  it('tells an addition by a block’s button, and none that names no product', async () => {
    await visitor.open('/blocks');
    await visitor.page.evaluate(`document.body.dispatchEvent(new CustomEvent('wc-blocks_added_to_cart', { bubbles: true }))`);
    await visitor.page.click('button');
    await seen('cart_add');
    expect(site.collector.visits('cart_add').map(({ contents }) => contents)).toEqual([[{ contentId: 'woo-belt', quantity: 1 }]]);
  });

  it.each([
    ['classic', '/checkout', '#place_order'],
    ['block', '/block-checkout', '.wc-block-components-checkout-place-order-button span'],
  ])('tells the start of a %s checkout with what is in the cart, and the payment once', async (_kind, path, button) => {
    await visitor.open(path);
    await seen('checkout_start');
    const contents = [
      { contentId: 'woo-beanie', name: 'Beanie', price: 18.5, quantity: 2 },
      { contentId: '22', name: 'Hoodie - Blue', price: 45, quantity: 1 },
    ];
    expect(site.collector.visits('checkout_start')).toMatchObject([{ contents, value: 87, currency: 'USD' }]);
    await visitor.page.click(button);
    await visitor.page.click(button);
    await seen('payment_info');
    expect(site.collector.visits('payment_info')).toMatchObject([{ contents, value: 87, currency: 'USD' }]);
    expect((await visitor.pixel()).map(({ event, eventId }) => [event, eventId])).toEqual([
      ['InitiateCheckout', site.collector.visits('checkout_start')[0]?.eventId],
      ['AddPaymentInfo', site.collector.visits('payment_info')[0]?.eventId],
    ]);
  });
});
