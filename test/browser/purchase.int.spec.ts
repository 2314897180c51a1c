import { eventually } from '../stack/eventually.js';
import { describeInChromium } from './chromium.js';
import { ShopSite, type Visitor } from './shop-site.js';
import { homePage, PIXEL, thankYouPage } from './woocommerce-pages.js';

const WITHIN_MS = 5_000;
const SETTLED_MS = 500;

const ORDER = {
  orderId: '17',
  orderNumber: 'A-17',
  eventId: 'wc_order_17',
  value: 38_563,
  currency: 'CLP',
  contents: [{ contentId: 'woo-beanie', name: 'Beanie', price: 18_000, quantity: 2 }],
  isPaid: true,
  isDue: true,
};
/** The pixel's own library as far as it is seen from outside: it takes over the queue and answers `ready`. */
const LIBRARY = `(function () {
  var queue = window.ttq;
  var keep = function (call) { sessionStorage.setItem('pixel', JSON.stringify(JSON.parse(sessionStorage.getItem('pixel') || '[]').concat([call]))); };
  var library = {
    track: function (event, properties, options) { keep({ event: event, properties: properties, eventId: options.event_id }); },
    identify: function () {}, revokeConsent: function () {},
    ready: function (callback) { callback(); },
  };
  window.ttq = library;
  queue.forEach(function (call) { library[call[0]].apply(library, call.slice(1)); });
})();`;

describeInChromium('the browser’s Purchase', () => {
  let site: ShopSite;
  let visitor: Visitor;
  const head = (): string => PIXEL + site.tag('data-consent="not-required" data-pixel="C0PIXEL"');
  const settled = (): Promise<void> => visitor.page.waitForTimeout(SETTLED_MS);
  const shown = (): Promise<void> =>
    eventually('the Purchase is reported', WITHIN_MS, () => site.collector.visits('purchase_shown').length === 1);
  const purchases = async (): Promise<string[]> =>
    (await visitor.pixel()).filter(({ event }) => event === 'Purchase').map(({ eventId }) => eventId);

  beforeAll(async () => {
    site = await ShopSite.open();
  }, 60_000);
  afterAll(() => site.close());
  beforeEach(async () => {
    visitor = await site.visitor();
    site.pages.set('/thank-you', thankYouPage({ head: head() }, ORDER));
  });
  afterEach(async () => {
    await visitor.context.close();
    expect([...site.collector.problems, ...visitor.errors]).toEqual([]);
  });

  it('goes to the pixel with the server’s event id, and is reported to the collector', async () => {
    await visitor.open('/thank-you');
    await shown();
    expect(await visitor.pixel()).toEqual([
      {
        event: 'Purchase',
        eventId: 'wc_order_17',
        properties: {
          contents: [{ content_id: 'woo-beanie', content_name: 'Beanie', price: 18_000, quantity: 2 }],
          content_type: 'product',
          value: 38_563,
          currency: 'CLP',
          order_id: '17',
        },
      },
    ]);
    expect(site.collector.visits('purchase_shown')).toMatchObject([
      {
        orderId: '17',
        orderNumber: 'A-17',
        isPaid: true,
        pixelEventId: 'wc_order_17',
        pixelEventName: 'Purchase',
        pixelCode: 'C0PIXEL',
        value: 38_563,
        currency: 'CLP',
        contents: ORDER.contents,
      },
    ]);
  });

  it('happens once, however often the thank-you page is loaded', async () => {
    await visitor.open('/thank-you');
    await shown();
    for (let reload = 0; reload < 3; reload += 1) {
      await visitor.page.reload({ waitUntil: 'load' });
      await settled();
    }
    expect(await purchases()).toEqual(['wc_order_17']);
    expect(site.collector.visits('purchase_shown')).toHaveLength(1);
    expect(site.collector.visits('page_view')).toHaveLength(4);
  });

  it('happens once per order', async () => {
    await visitor.open('/thank-you');
    await shown();
    site.pages.set('/thank-you', thankYouPage({ head: head() }, { ...ORDER, orderId: '18', eventId: 'wc_order_18' }));
    await visitor.open('/thank-you');
    await eventually('the other order is reported', WITHIN_MS, () => site.collector.visits('purchase_shown').length === 2);
    expect(await purchases()).toEqual(['wc_order_17', 'wc_order_18']);
  });

  it.each([
    ['an order that is not due yet', { ...ORDER, isPaid: false, isDue: false }],
    ['a page on which the shop prints nothing', null],
  ])('does not happen for %s', async (_case, order) => {
    site.pages.set('/thank-you', thankYouPage({ head: head() }, order));
    await visitor.open('/thank-you');
    await eventually('the page is seen', WITHIN_MS, () => site.collector.visits('page_view').length === 1);
    await settled();
    expect([await purchases(), site.collector.visits('purchase_shown')]).toEqual([[], []]);
  });

  it('is not GA4’s: a purchase of the data layer is evidence and nothing more', async () => {
    site.pages.set(
      '/thank-you',
      thankYouPage(
        {
          head: `<script>dataLayer = [{ event: 'purchase', ecommerce: { transaction_id: '17', value: 38563, currency: 'CLP', items: [{ item_id: 'woo-beanie' }] } }];</script>${head()}`,
        },
        null,
      ),
    );
    await visitor.open('/thank-you');
    await eventually('the evidence is seen', WITHIN_MS, () => site.collector.visits('ga4_purchase').length === 1);
    expect(site.collector.visits('ga4_purchase')).toMatchObject([{ properties: { orderId: '17' }, value: 38_563, currency: 'CLP' }]);
    expect(await purchases()).toEqual([]);
  });

  describe('on a page without a pixel', () => {
    const withoutPixel = (): string => site.tag('data-consent="not-required" data-pixel="C0PIXEL"');
    beforeEach(() => {
      site.pages.set('/', homePage({ head: withoutPixel() }));
      site.pages.set('/thank-you', thankYouPage({ head: withoutPixel() }, ORDER));
    });

    it('loads the shop’s own, and shows it page view and Purchase by the collector’s ids', async () => {
      await visitor.context.route('https://analytics.tiktok.com/**', (route) =>
        route.fulfill({ contentType: 'text/javascript', body: LIBRARY }),
      );
      await visitor.open('/thank-you');
      await shown();
      expect((await visitor.pixel()).map(({ event, eventId }) => [event, eventId])).toEqual([
        ['Pageview', site.collector.visits('page_view')[0]?.eventId],
        ['Purchase', 'wc_order_17'],
      ]);
    });

    it('reports nothing when the pixel’s library is blocked: the server’s Purchase must not be held back', async () => {
      await visitor.context.route('https://analytics.tiktok.com/**', (route) => route.abort());
      await visitor.open('/thank-you');
      await eventually('the page is seen', WITHIN_MS, () => site.collector.visits('page_view').length === 1);
      await settled();
      expect(site.collector.visits('purchase_shown')).toEqual([]);
    });
  });
});
