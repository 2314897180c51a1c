import { resumeReport, type ShopReport, type WebhooksReport } from '../shop/shop-report.js';
import { managedTopics } from '../webhooks/managed-topics.js';
import { woocommerceSettingsSchema } from '../woocommerce.schema.js';
import type { Check, ShopScene } from './check-line.js';
import { checkShop } from './shop-check.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ORDER_TOPICS = managedTopics(['orders']);

const WEBHOOKS: WebhooksReport = {
  base: 'https://in.example',
  topics: ORDER_TOPICS,
  checkedAt: NOW - MINUTE,
  unmanaged: null,
  failure: null,
  active: ORDER_TOPICS,
  byHand: [],
  brokenAt: null,
  isAlerted: false,
};
const REPORT: ShopReport = {
  ...resumeReport(null, { storeUrl: 'https://shop.example', secretsVersion: 1 }),
  askedAt: NOW - HOUR,
  clockAheadMs: 400,
  system: { hasWpCron: true, woocommerceVersion: '11.0.1', activePlugins: ['woocommerce/woocommerce.php'] },
  webhooks: WEBHOOKS,
};
const SCENE: ShopScene = {
  now: NOW,
  settings: woocommerceSettingsSchema.parse({ storeUrl: 'https://shop.example' }),
  isActive: true,
  hasKeys: true,
  poll: { polledAt: NOW - MINUTE, failures: 0, failure: null },
  report: REPORT,
  seen: {
    webhook: NOW - 5 * MINUTE,
    'checkout-order': NOW - 5 * MINUTE,
    'snippet-order': NOW - 5 * MINUTE,
    'cookie-order': NOW - 5 * MINUTE,
  },
  visits: [{ id: 'web', lastVisitAt: NOW - 2 * MINUTE }],
  weighedFor: [],
  alerts: [],
};

const scene = (changes: Partial<ShopScene> = {}): ShopScene => ({ ...SCENE, ...changes });
const withReport = (changes: Partial<ShopReport>): ShopScene => scene({ report: { ...REPORT, ...changes } });
const withWebhooks = (changes: Partial<WebhooksReport>, more: Partial<ShopScene> = {}): ShopScene => ({
  ...withReport({ webhooks: { ...WEBHOOKS, ...changes } }),
  ...more,
});
const named = (checks: readonly Check[], name: string): Check[] => checks.filter((check) => check.name === name);
const verdict = (given: ShopScene, name: string): string =>
  named(checkShop(given), name)
    .map((check) => check.verdict)
    .join();
const badOnes = (given: ShopScene): string[] =>
  checkShop(given)
    .filter((check) => check.verdict === 'bad')
    .map(({ name }) => name);

describe('a shop', () => {
  it('is green all over when everything is right', () => {
    const checks = checkShop(SCENE);
    expect(checks.filter((check) => check.verdict !== 'good')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([
      'shop',
      'last poll',
      'keys',
      'clock',
      'cron',
      'plugins',
      'webhook order.created',
      'webhook order.updated',
      'webhook order.deleted',
      'webhook order.restored',
      'last webhook',
      'snippet',
      'cookie',
      'script web',
      'alerts',
    ]);
  });

  it('tells what to do wherever it is red', () => {
    const everythingWrong = scene({
      poll: { polledAt: NOW - DAY, failures: 9, failure: 'refuses-keys' },
      report: {
        ...REPORT,
        clockAheadMs: -20 * MINUTE,
        system: { hasWpCron: false, woocommerceVersion: '11.0.1', activePlugins: ['tiktok-for-business/tiktok-for-woocommerce.php'] },
        webhooks: { ...WEBHOOKS, active: ['order.created'], failure: { kind: 'unusable', detail: 'status 400' } },
      },
      seen: { 'checkout-order': NOW - HOUR },
      visits: [{ id: 'web', lastVisitAt: null }],
      alerts: ['shop-refuses-keys'],
    });
    expect(badOnes(everythingWrong)).toEqual([
      'shop',
      'last poll',
      'keys',
      'clock',
      'cron',
      'plugins',
      'webhook order.updated',
      'webhook order.deleted',
      'webhook order.restored',
      'snippet',
      'script web',
      'alerts',
    ]);
    for (const check of checkShop(everythingWrong)) if (check.verdict === 'bad') expect(check.todo).not.toBeNull();
  });

  it('is not asked while its tenant is suspended', () => {
    expect(checkShop(scene({ isActive: false })).map((check) => check.verdict)).toEqual(['note']);
  });

  it('was perhaps only just applied', () => {
    const fresh = scene({ poll: null, report: null, seen: {}, visits: [] });
    expect(badOnes(fresh)).toEqual([]);
    expect(verdict(fresh, 'shop')).toBe('note');
  });
});

describe('keys', () => {
  it('that may only read are fine, and slower', () => {
    const reading = withWebhooks({ unmanaged: 'read-only', active: [] });
    expect(badOnes(reading)).toEqual([]);
    expect(named(checkShop(reading), 'keys')).toMatchObject([{ verdict: 'note', what: expect.stringContaining('slower') }]);
  });

  it('that are missing leave it to webhooks: red while none came', () => {
    const none = scene({ hasKeys: false, poll: null, report: null });
    expect(badOnes(none)).toEqual([]);
    expect(verdict(none, 'shop')).toBe('note');
    expect(badOnes({ ...none, seen: {} })).toEqual(['last webhook']);
  });
});

describe('webhooks', () => {
  it.each([['no-address'], ['private-address'], ['port'], ['off']] as const)(
    'that are not managed (%s) are fine where polling goes on',
    (unmanaged) => {
      const given = withWebhooks({ unmanaged, active: [] });
      expect(badOnes(given)).toEqual([]);
      expect(verdict(given, 'webhooks')).toBe('note');
      expect(verdict(withWebhooks({ unmanaged, active: [], byHand: ORDER_TOPICS }), 'webhooks')).toBe('good');
    },
  );

  it('that are missing are red, one by one', () => {
    expect(badOnes(withWebhooks({ active: ORDER_TOPICS.slice(1) }))).toEqual(['webhook order.created']);
  });

  it('are looked for where the settings want them', () => {
    const settings = { ...SCENE.settings, webhooks: { manage: true, resources: ['orders' as const, 'customers' as const] } };
    const missing = ['webhook customer.created', 'webhook customer.updated', 'webhook customer.deleted'];
    expect(badOnes(withWebhooks({ active: ORDER_TOPICS }, { settings }))).toEqual(missing);
  });
});

describe('the clock', () => {
  it.each([
    [30_000, 'good'],
    [-5 * MINUTE, 'note'],
    [10 * MINUTE, 'bad'],
  ])('%s ms off is %s', (clockAheadMs, expected) => {
    expect(verdict(withReport({ clockAheadMs }), 'clock')).toBe(expected);
  });
});

describe('cron', () => {
  const system = { hasWpCron: false, woocommerceVersion: '11.0.1', activePlugins: [] };

  it('that is switched off is fine as long as webhooks come', () => {
    expect(verdict(withReport({ system }), 'cron')).toBe('good');
    expect(verdict({ ...withReport({ system }), seen: { webhook: NOW - 25 * HOUR } }, 'cron')).toBe('bad');
  });
});

describe('polling', () => {
  it('is late after ten minutes, or three intervals where those are longer', () => {
    const polled = (agoMs: number, refreshIntervalSeconds: number): ShopScene =>
      scene({
        poll: { polledAt: NOW - agoMs, failures: 0, failure: null },
        settings: woocommerceSettingsSchema.parse({ storeUrl: 'https://shop.example', polling: { refreshIntervalSeconds } }),
      });
    expect(verdict(polled(10 * MINUTE, 60), 'last poll')).toBe('good');
    expect(verdict(polled(11 * MINUTE, 60), 'last poll')).toBe('bad');
    expect(verdict(polled(11 * MINUTE, 600), 'last poll')).toBe('good');
  });
});

describe('snippet and cookie', () => {
  const seen = (changes: ShopScene['seen']): ShopScene => scene({ seen: { webhook: NOW, ...changes } });

  it('cannot be judged before an order of a checkout', () => {
    expect(verdict(seen({}), 'snippet')).toBe('note');
    expect(verdict(seen({}), 'cookie')).toBe('');
  });

  it('are missed when orders go on without what the snippet adds', () => {
    expect(verdict(seen({ 'checkout-order': NOW, 'snippet-order': NOW - 2 * DAY, 'cookie-order': NOW - 2 * DAY }), 'snippet')).toBe('bad');
    expect(verdict(seen({ 'checkout-order': NOW, 'snippet-order': NOW - HOUR, 'cookie-order': NOW - 9 * DAY }), 'snippet')).toBe('good');
  });

  it('tell a snippet without cookies from none', () => {
    expect(badOnes(seen({ 'checkout-order': NOW, 'snippet-order': NOW }))).toEqual(['cookie']);
  });
});

describe('plugins', () => {
  it.each([
    ['tiktok-for-business/tiktok-for-woocommerce.php', 'TikTok for WooCommerce'],
    ['pixelyoursite/facebook-pixel-master.php', 'PixelYourSite'],
    ['pixelyoursite-pro/pixelyoursite-pro.php', 'PixelYourSite'],
    ['trackingtech-woocommerce/plugin.php', 'TrackingTech'],
  ])('%s sends the same as we do', (plugin, name) => {
    const system = { hasWpCron: true, woocommerceVersion: '11.0.1', activePlugins: ['woocommerce/woocommerce.php', plugin] };
    expect(named(checkShop(withReport({ system })), 'plugins')).toMatchObject([{ verdict: 'bad', what: expect.stringContaining(name) }]);
  });
});

describe('weights', () => {
  const settings = (more: object): ShopScene['settings'] => woocommerceSettingsSchema.parse({ storeUrl: 'https://shop.example', ...more });
  const weighed = (more: Partial<ShopScene>): Check[] => named(checkShop(scene({ weighedFor: ['courier'], ...more })), 'weights');
  const fromShop = { country: null, currency: null, currencyDecimals: null, timeZone: null, weightUnit: 'lbs' };

  it('are nobody’s matter without a courier', () => expect(verdict(SCENE, 'weights')).toBe(''));
  it('are red where nobody said their unit, naming who is told none and the setting that helps', () => {
    expect(weighed({ hasKeys: false })).toMatchObject([
      {
        verdict: 'bad',
        what: expect.stringContaining('courier is told none') as string,
        todo: expect.stringContaining('weightUnit: kg') as string,
      },
    ]);
    expect(weighed({})[0]?.verdict).toBe('bad');
  });
  it('are green as the shop says, and as the settings say before it', () => {
    expect(weighed({ settings: settings({ fromShop }) })).toMatchObject([{ verdict: 'good', what: 'in lbs, as the shop says' }]);
    expect(weighed({ settings: settings({ fromShop, weightUnit: 'g' }) })).toMatchObject([{ what: 'in g, as the settings say' }]);
  });
  it('of a shop without REST keys are known only of products that webhooks tell of', () =>
    expect(weighed({ hasKeys: false, settings: settings({ weightUnit: 'kg' }) })).toMatchObject([{ verdict: 'note' }]));
});
