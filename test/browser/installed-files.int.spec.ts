import { shopInstall } from '../../libs/install-kit/src/shop-install.builder.js';
import { INSTALL_FILES, neutralPath, type ShopInstall } from '@tributary/install-kit';
import { eventually } from '../stack/eventually.js';
import { describeInChromium } from './chromium.js';
import { ShopSite, type Visitor } from './shop-site.js';
import { homePage, PIXEL, simpleProductPage } from './woocommerce-pages.js';

const WITHIN_MS = 5_000;

describeInChromium('what control writes for a shop, in the shop’s pages', () => {
  let site: ShopSite;
  let visitor: Visitor;
  const install = (): ShopInstall =>
    shopInstall({ storeUrl: site.shopUrl, collectorUrl: site.collectorUrl, isConsentRequired: false, purchase: null });
  const written = (name: string): string => INSTALL_FILES.find((file) => file.name === name)?.write(install()) ?? '';
  const seen = (type: string): Promise<void> => eventually(`${type} is seen`, WITHIN_MS, () => site.collector.visits(type).length > 0);

  beforeAll(async () => {
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

  it('works as the script tag', async () => {
    site.pages.set('/product/beanie/', simpleProductPage({ head: PIXEL + written('script-tag.html') }));
    await visitor.open('/product/beanie/');
    await seen('product_view');
  });

  it('works as the tag manager’s page tag', async () => {
    const { containerVersion } = JSON.parse(written('tag-manager.json')) as {
      containerVersion: { tag: { parameter: { key: string; value: string }[] }[] };
    };
    const html = containerVersion.tag[0]?.parameter.find(({ key }) => key === 'html')?.value ?? '';
    site.pages.set('/', homePage({ head: html }));
    await visitor.open('/');
    await seen('page_view');
  });

  it('works through the shop’s own host', async () => {
    site.passedOn.set(`${neutralPath(install())}/s.js`, '/v1/tributary.js');
    site.passedOn.set(`${neutralPath(install())}/e`, '/v1/collect');
    site.pages.set('/', homePage({ head: written('own-host-tag.html') }));
    const asked: string[] = [];
    visitor.page.on('request', (request) => asked.push(new URL(request.url()).host));
    await visitor.open('/');
    await seen('page_view');
    expect(new Set(asked)).toEqual(new Set([new URL(site.shopUrl).host]));
  });
});
