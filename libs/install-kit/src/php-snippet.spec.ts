import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { phpSnippet } from './php-snippet.js';
import { wordpressProxy } from './reverse-proxy.js';
import { shopInstall } from './shop-install.builder.js';
import type { ShopInstall } from './shop-install.js';

const STUB = join(__dirname, '..', '..', '..', 'test', 'fixtures', 'php', 'woocommerce-stub.php');
const HAS_PHP = spawnSync('php', ['-v']).status === 0;
if (!HAS_PHP) process.stderr.write('\nLEFT OUT: the PHP snippet is not run, for want of php (Debian: apt-get install php-cli).\n\n');
const describeInPhp = HAS_PHP ? describe : describe.skip;

const CLASSIC = 'woocommerce_checkout_update_order_meta';
const BLOCK = 'woocommerce_store_api_checkout_update_order_from_request';
const THANK_YOU = 'woocommerce_thankyou';

const ORDER = {
  id: 17,
  number: 'A-17',
  created_via: 'checkout',
  status: 'processing',
  payment_method: 'card',
  paid: true,
  currency: 'CLP',
  total: '38563',
  total_tax: '6157',
  shipping_total: '2000',
  meta: {} as Record<string, string>,
  items: {
    5: { name: 'Gorro </script> «azul»', sku: 'woo-beanie', product_id: 15, variation_id: 0, quantity: 2, total: '36000' },
    6: { name: 'Hoodie', sku: '', product_id: 16, variation_id: 22, quantity: 1, total: '563' },
    7: { name: 'Gone', sku: null, product_id: 0, variation_id: 0, quantity: 1, total: '0' },
    8: { name: 'None', sku: 'none', product_id: 3, variation_id: 0, quantity: 0, total: '0' },
  } as Record<string, object>,
};
const SCENARIO = {
  isHpos: true,
  isAdmin: false,
  wpConsent: null as boolean | null,
  breaks: '',
  cookies: {} as Record<string, string>,
  server: {} as Record<string, string>,
  orders: [ORDER],
  run: [] as (readonly [string, number])[],
};
const BUYER = { _ttoaid: 'visitor-0001', ttclid: 'E.C.P.one', _ttp: 'ttp-1' };

interface Outcome {
  readonly hooks: Readonly<Record<string, number>>;
  readonly meta: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly moved: Readonly<Record<string, boolean>>;
  readonly logged: readonly (readonly [string, string, string])[];
  readonly printed: readonly string[];
  readonly escaped: readonly string[];
}

function inFolder<T>(source: string, work: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-php-'));
  try {
    const file = join(folder, 'snippet.php');
    writeFileSync(file, source);
    return work(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const run = (scenario: Partial<typeof SCENARIO>, install: ShopInstall = shopInstall()): Outcome =>
  inFolder(phpSnippet(install), (file) => {
    // Objects that are empty must stay objects for PHP's associative arrays; json_decode makes arrays of both.
    const input = JSON.stringify({ ...SCENARIO, ...scenario });
    return JSON.parse(execFileSync('php', [STUB, file], { input, encoding: 'utf8' })) as Outcome;
  });
const orderOf = (printed: string | undefined): unknown => {
  const [, json] = /^<script type="application\/json" id="tributary-order">([^<]*)<\/script>$/.exec(printed ?? '') ?? [];
  return json === undefined ? undefined : JSON.parse(json);
};

describeInPhp('the PHP snippet, as PHP reads it', () => {
  it('is right for every tenant’s values, and so is the WordPress proxy', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(texts, texts, texts, (eventId, method, connection) => {
        const install = shopInstall({
          shopConnectionId: connection,
          tenantId: eventId,
          purchase: { eventId, byPaymentMethod: { [method]: 'placed' } },
        });
        for (const source of [phpSnippet(install), wordpressProxy(install), phpSnippet(shopInstall({ purchase: null }))])
          expect(inFolder(source, (file) => spawnSync('php', ['-l', file], { encoding: 'utf8' }).status)).toBe(0);
      }),
      { numRuns: 4 },
    );
  });

  it('may be there twice', () => {
    expect(run({}).hooks).toEqual({ [CLASSIC]: 1, [BLOCK]: 1, [THANK_YOU]: 1 });
  });
});

describeInPhp('the PHP snippet at the checkout', () => {
  it.each([
    ['classic', CLASSIC, true],
    ['classic', CLASSIC, false],
    ['block', BLOCK, true],
    ['block', BLOCK, false],
  ])('keeps who bought with the order: %s checkout (%s), own tables: %s', (_kind, hook, isHpos) => {
    const { meta, moved, logged, escaped } = run({ cookies: BUYER, isHpos, run: [[hook, 17]] });
    expect(meta['17']).toEqual({ cdp_id: 'visitor-0001', cdp_ttclid: 'E.C.P.one', cdp_ttp: 'ttp-1', cdp_consent: 'unknown' });
    expect(moved['17']).toBe(true);
    expect(logged).toEqual([['info', 'order 17: a visitor cookie, consent unknown', 'cookie-monitor']]);
    expect(escaped).toEqual([]);
  });

  it('says so when there is no cookie, and takes none that is not of our making', () => {
    const { meta, logged } = run({ cookies: { _ttoaid: `x' or 1=1 --`, ttclid: 'a b' }, run: [[CLASSIC, 17]] });
    expect(meta['17']).toEqual({ cdp_consent: 'unknown' });
    expect(logged[0]?.[1]).toBe('order 17: no visitor cookie, consent unknown');
  });

  it.each([
    ['Sec-GPC', { server: { HTTP_SEC_GPC: '1' } }, 'denied'],
    ['the WP Consent API', { wpConsent: true, cookies: { wp_consent_marketing: 'allow' } }, 'granted'],
    ['the WP Consent API', { wpConsent: false, cookies: { wp_consent_marketing: 'deny' } }, 'denied'],
    ['the WP Consent API without an answer', { wpConsent: true }, 'unknown'],
    ['Complianz', { cookies: { cmplz_marketing: 'allow' } }, 'granted'],
    ['CookieYes', { cookies: { 'cookieyes-consent': 'consent:yes,action:yes,necessary:yes,advertisement:no' } }, 'denied'],
    ['CookieYes before an answer', { cookies: { 'cookieyes-consent': 'consent:no,action:,necessary:yes,advertisement:no' } }, 'unknown'],
    ['Cookiebot', { cookies: { CookieConsent: "{stamp:'x',necessary:true,marketing:true}" } }, 'granted'],
    ['OneTrust', { cookies: { OptanonConsent: 'groups=C0001:1,C0004:0' } }, 'denied'],
    ['Borlabs', { cookies: { 'borlabs-cookie': '{"consents":{"essential":["a"],"marketing":["tiktok"]}}' } }, 'granted'],
    ['Sec-GPC over a banner', { server: { HTTP_SEC_GPC: '1' }, cookies: { cmplz_marketing: 'allow' } }, 'denied'],
  ])('reads the consent of %s', (_from, scenario, consent) => {
    const { meta } = run({ ...scenario, cookies: { ...('cookies' in scenario ? scenario.cookies : {}), ...BUYER }, run: [[CLASSIC, 17]] });
    expect(meta['17']?.['cdp_consent']).toBe(consent);
    expect(meta['17']?.['cdp_id']).toBe(consent === 'denied' ? undefined : 'visitor-0001');
  });

  it.each([
    ['a renewal', { orders: [{ ...ORDER, meta: { _subscription_renewal: '9' } }] }],
    ['an order made by the subscription', { orders: [{ ...ORDER, created_via: 'subscription' }] }],
    ['an order made by an admin', { orders: [{ ...ORDER, created_via: 'admin' }] }],
    ['an order that is saved in the admin pages', { isAdmin: true }],
    ['an order that is not there', { orders: [] }],
  ])('leaves %s alone', (_case, scenario) => {
    const { meta, moved, logged, printed, escaped } = run({
      cookies: BUYER,
      ...scenario,
      run: [
        [CLASSIC, 17],
        [BLOCK, 17],
        [THANK_YOU, 17],
      ],
    });
    expect(Object.keys(meta['17'] ?? {})).not.toContain('cdp_id');
    expect([moved['17'] ?? false, logged, printed, escaped]).toEqual([false, [], ['', '', ''], []]);
  });

  it.each(['order', 'logger'])('lets nothing out when the %s breaks, and logs no value', (breaks) => {
    const outcome = run({
      cookies: BUYER,
      breaks,
      run: [
        [CLASSIC, 17],
        [BLOCK, 17],
        [THANK_YOU, 17],
      ],
    });
    expect(outcome.escaped).toEqual([]);
    expect(JSON.stringify(outcome.logged)).not.toMatch(/visitor-0001|E\.C\.P|secret value/);
  });
});

describeInPhp('the PHP snippet on the thank-you page', () => {
  it('prints the order as the server names it, once', () => {
    const { meta, printed, escaped } = run({
      run: [
        [THANK_YOU, 17],
        [THANK_YOU, 17],
      ],
    });
    expect(escaped).toEqual([]);
    expect(orderOf(printed[0])).toEqual({
      orderId: '17',
      orderNumber: 'A-17',
      eventId: 'wc_order_17',
      value: 38_563,
      currency: 'CLP',
      contents: [
        { contentId: 'woo-beanie', name: 'Gorro </script> «azul»', price: 18_000, quantity: 2 },
        { contentId: '22', name: 'Hoodie', price: 563, quantity: 1 },
        { contentId: 'line-7', name: 'Gone', price: 0, quantity: 1 },
      ],
      isPaid: true,
      isDue: true,
    });
    expect(printed[1]).toBe('');
    expect(meta['17']).toEqual({ cdp_shown: '1' });
  });

  it('prints nothing again when it did so on an earlier request', () => {
    expect(run({ orders: [{ ...ORDER, meta: { cdp_shown: '1' } }], run: [[THANK_YOU, 17]] }).printed).toEqual(['']);
  });

  it('does not call an unpaid order due, nor spend its one time on it', () => {
    const { meta, printed } = run({ orders: [{ ...ORDER, status: 'on-hold', paid: false }], run: [[THANK_YOU, 17]] });
    expect(orderOf(printed[0])).toMatchObject({ isPaid: false, isDue: false });
    expect(meta['17']).toEqual({});
  });

  it.each([
    ['placed for this payment method', { byPaymentMethod: { cod: 'placed' as const } }, true],
    ['paid for all others', { byPaymentMethod: { bacs: 'placed' as const } }, false],
    ['placed', { when: 'placed' as const }, true],
    ['completed', { when: 'completed' as const }, false],
  ])('follows the tenant’s rule: %s', (_rule, purchase, isDue) => {
    const orders = [{ ...ORDER, status: 'on-hold', paid: false, payment_method: 'cod' }];
    expect(orderOf(run({ orders, run: [[THANK_YOU, 17]] }, shopInstall({ purchase })).printed[0])).toMatchObject({ isDue });
  });

  it.each([
    ['total-without-tax' as const, 32_406],
    ['total-without-shipping' as const, 36_563],
    ['subtotal' as const, 36_563],
  ])('counts the value by the tenant’s basis %s', (value, amount) => {
    expect(orderOf(run({ run: [[THANK_YOU, 17]] }, shopInstall({ purchase: { value } })).printed[0])).toMatchObject({ value: amount });
  });

  it('fills the tenant’s event id in one pass', () => {
    const install = shopInstall({ purchase: { eventId: `{connection}'-{orderNumber}-{orderId}` } });
    const orders = [{ ...ORDER, number: '{orderId}' }];
    expect(orderOf(run({ orders, run: [[THANK_YOU, 17]] }, install).printed[0])).toMatchObject({ eventId: `shop'-{orderId}-17` });
  });

  it.each([
    ['sku' as const, ['woo-beanie', '22', 'line-7']],
    ['product-id' as const, ['15', '16', 'line-7']],
    ['variation-id' as const, ['15', '22', 'line-7']],
  ])('names contents by %s as the server does, with the catalog’s prefix', (contentId, ids) => {
    const install = shopInstall({ purchase: { contentId, contentIdPrefix: 'gla_' } });
    const { contents } = orderOf(run({ run: [[THANK_YOU, 17]] }, install).printed[0]) as { contents: { contentId: string }[] };
    expect(contents.map((content) => content.contentId)).toEqual(ids.map((id) => (id.startsWith('line-') ? id : `gla_${id}`)));
  });

  it('converts amounts where the tenant does, and only in currencies that have a rate', () => {
    const told = (rates: Record<string, { rate: string }>, currency = 'convert:USD'): unknown =>
      orderOf(run({ run: [[THANK_YOU, 17]] }, shopInstall({ purchase: { currency, rates } })).printed[0]);
    const inDollars = { value: 40.4912, currency: 'USD' };
    expect(told({ CLP: { rate: '0.00105' } })).toMatchObject(inDollars);
    expect(told({ CLP: { rate: '0.00105' } })).toMatchObject({ contents: [{ price: 18.9 }, { price: 0.5912 }, { price: 0 }] });
    expect(told({ EUR: { rate: '1.1' } })).toMatchObject({ value: 38_563, currency: 'CLP' });
    expect(told({ CLP: { rate: '0.00105' } }, 'order')).toMatchObject({ value: 38_563, currency: 'CLP' });
  });

  it('is not there without a pixel', () => {
    expect(run({ run: [[THANK_YOU, 17]] }, shopInstall({ purchase: null })).printed).toEqual(['']);
  });
});
