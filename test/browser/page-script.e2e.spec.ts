import { INSTALL_FILES } from '@tributary/install-kit';
import { shopInstall } from '../../libs/install-kit/src/shop-install.builder.js';
import { eventually } from '../stack/eventually.js';
import { KeptVisits, type KeptVisit } from '../stack/kept-visits.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { describeInChromium } from './chromium.js';
import { ShopSite, type Visitor } from './shop-site.js';
import { PIXEL, simpleProductPage, thankYouPage } from './woocommerce-pages.js';

const WRITE_KEY = 'write-key-of-the-shop';
const WITHIN_MS = 15_000;
const ORDER = { orderId: '17', eventId: 'wc_order_17', value: 18_000, currency: 'CLP', isPaid: true, isDue: true };

describeInChromium('from the shop’s page to the log', () => {
  let stack: Stack;
  let site: ShopSite;
  let kept: KeptVisits;
  let visitor: Visitor;
  const inLog = async (type: string): Promise<KeptVisit[]> =>
    [...(await kept.visits()).values()].filter(({ event }) => event.type === type);
  const arrived = (type: string): Promise<void> =>
    eventually(`${type} is in the log`, WITHIN_MS, async () => (await inLog(type)).length > 0);

  beforeAll(async () => {
    stack = await Stack.start({ apps: ['ingest'], partitions: 3 });
    site = await ShopSite.open();
    await configure(stack, {
      id: 'acme',
      defaultCountry: 'CL',
      shops: [{ id: 'shop', token: 'token-of-the-shop-01', webhookSecret: 's3cret-Lab' }],
      pixels: [],
      // A headless browser says in its User-Agent what it is.
      visits: [{ id: 'web', shop: 'shop', writeKeys: [WRITE_KEY], settings: { allowedOrigins: [site.shopUrl], filterBots: false } }],
    });
    kept = await KeptVisits.of(stack);
    const install = shopInstall({
      storeUrl: site.shopUrl,
      collectorUrl: `http://metrics.shop.localhost:${stack.app('ingest').port}`,
      writeKey: WRITE_KEY,
      isConsentRequired: false,
      purchase: null,
    });
    const head = PIXEL + (INSTALL_FILES.find(({ name }) => name === 'script-tag.html')?.write(install) ?? '');
    site.pages.set('/product/beanie/', simpleProductPage({ head }));
    site.pages.set('/thank-you', thankYouPage({ head }, ORDER));
  }, 180_000);
  afterAll(async () => {
    await site?.close();
    await stack?.stop();
  }, 30_000);
  beforeEach(async () => {
    visitor = await site.visitor();
  });
  afterEach(async () => {
    await visitor.context.close();
    expect(visitor.errors).toEqual([]);
  });

  it('a product view stands in the log under the event id that the pixel was given, with the click id of the address', async () => {
    await visitor.open('/product/beanie/?ttclid=E.C.P.one');
    await arrived('ProductViewed');
    const [view] = await inLog('ProductViewed');
    expect(await visitor.pixel()).toMatchObject([{ event: 'ViewContent', eventId: view?.event.eventId }]);
    expect(view?.event).toMatchObject({ contents: [{ contentId: 'woo-beanie', price: '18000' }], value: '18000', currency: 'CLP' });
    expect(view?.personal).toMatchObject({ ttclid: 'E.C.P.one', locale: 'es-CL' });
    // Acknowledged, so nothing is left to be sent again; the cookie is the collector's own, which lives longer than a script's may.
    await eventually('the queue is empty', WITHIN_MS, async () => !(await visitor.stored()).includes('tributary.queue'));
    const cookies = (await visitor.context.cookies()).filter(({ name }) => name === '_ttoaid');
    expect(cookies).toMatchObject([{ domain: '.shop.localhost', secure: true, sameSite: 'Lax', httpOnly: false }]);
  });

  it('a thank-you page that is loaded three times shows one Purchase, and the log says so once', async () => {
    for (let load = 0; load < 3; load += 1) await visitor.open('/thank-you');
    await arrived('PurchaseShown');
    await eventually('the queue is empty', WITHIN_MS, async () => !(await visitor.stored()).includes('tributary.queue'));
    expect((await visitor.pixel()).map(({ event, eventId }) => [event, eventId])).toEqual([['Purchase', 'wc_order_17']]);
    expect((await inLog('PurchaseShown')).map(({ event }) => event)).toMatchObject([
      { orderId: '17', pixelEventId: 'wc_order_17', isPaid: true },
    ]);
  });
});
