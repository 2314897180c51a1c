import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { INSTALL_FILES } from './install-files.js';
import { shopInstall } from './shop-install.builder.js';
import { neutralPath, type ShopInstall } from './shop-install.js';

const written = (name: string, install: ShopInstall): string => {
  const file = INSTALL_FILES.find((candidate) => candidate.name === name);
  if (file === undefined) throw new Error(`no file ${name}`);
  return file.write(install);
};

/** Settings that a tenant could give, as unfriendly as their schemas let them be, and worse. */
const anyInstall = fc
  .record({
    writeKey: fc.string({ unit: 'binary', minLength: 1 }),
    pixelCode: fc.string({ unit: 'binary', minLength: 1 }),
    eventId: fc.string({ unit: 'binary', minLength: 1 }),
    method: fc.string({ unit: 'binary', minLength: 1 }),
    storeUrl: fc.webUrl(),
    collectorUrl: fc.webUrl({ withQueryParameters: false, withFragments: false }),
    isConsentRequired: fc.boolean(),
  })
  .map(({ pixelCode, eventId, method, ...rest }) =>
    shopInstall({ ...rest, purchase: { pixelCode, eventId, byPaymentMethod: { [method]: 'placed' as const } } }),
  );

describe('the files that a shop installs', () => {
  it('are written for every tenant’s values', () => {
    fc.assert(fc.property(anyInstall, fc.constantFrom(...INSTALL_FILES), (install, { write }) => expect(write(install)).not.toBe('')));
  });

  it('have names of their own', () => {
    expect(new Set(INSTALL_FILES.map(({ name }) => name)).size).toBe(INSTALL_FILES.length);
  });
});

describe('the script tag', () => {
  it('names the script, the key, the consent rule and the pixel', () => {
    expect(written('script-tag.html', shopInstall())).toBe(
      '<script async src="https://metrics.shop.example/v1/tributary.js" data-write-key="write-key-of-the-shop" data-consent="required" data-pixel="C0PIXEL"></script>\n',
    );
  });

  it('of the own host names no host at all', () => {
    const path = neutralPath(shopInstall());
    expect(written('own-host-tag.html', shopInstall({ isConsentRequired: false, purchase: null }))).toBe(
      `<script async src="${path}/s.js" data-collect-url="${path}/e" data-identify-url="${path}/i" data-write-key="write-key-of-the-shop" data-consent="not-required"></script>\n`,
    );
  });

  it('is one element, whatever is filled in', () => {
    fc.assert(
      fc.property(anyInstall, (install) => {
        expect(written('script-tag.html', install)).toMatch(/^<script async(?: [a-z-]+="[^"<>]*")+><\/script>\n$/);
      }),
    );
  });
});

interface Container {
  readonly exportFormatVersion: number;
  readonly containerVersion: {
    readonly tag: readonly {
      readonly name: string;
      readonly firingTriggerId: readonly string[];
      readonly parameter: readonly { readonly key: string; readonly value: string }[];
    }[];
    readonly trigger: readonly { readonly triggerId: string; readonly filter: readonly unknown[] }[];
    readonly variable: readonly { readonly name: string }[];
    readonly builtInVariable: readonly { readonly name: string }[];
  };
}

describe('the tag-manager container', () => {
  const container = (install = shopInstall()): Container['containerVersion'] & { readonly version: number } => {
    const { exportFormatVersion, containerVersion } = JSON.parse(written('tag-manager.json', install)) as Container;
    return { ...containerVersion, version: exportFormatVersion };
  };
  const htmlOf = (one: Container['containerVersion']['tag'][number] | undefined): string =>
    one?.parameter.find(({ key }) => key === 'html')?.value ?? '';

  it('is an export of version 2 in which every tag has a trigger and every name is defined', () => {
    const { version, tag, trigger, variable, builtInVariable } = container();
    expect(version).toBe(2);
    const triggers = new Set(trigger.map(({ triggerId }) => triggerId));
    expect(tag.flatMap(({ firingTriggerId }) => firingTriggerId).every((id) => triggers.has(id))).toBe(true);
    const named = new Set([...variable, ...builtInVariable].map(({ name }) => name));
    const used = [...JSON.stringify([tag, trigger]).matchAll(/\{\{([^}]+)\}\}/g)].map(([, name]) => name ?? '');
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => name !== '_event' && !named.has(name))).toEqual([]);
  });

  it('fires on the shop’s own host only', () => {
    for (const { filter } of container().trigger)
      expect(filter).toEqual([
        {
          type: 'EQUALS',
          parameter: [
            { type: 'TEMPLATE', key: 'arg0', value: '{{Page Hostname}}' },
            { type: 'TEMPLATE', key: 'arg1', value: 'www.shop.example' },
          ],
        },
      ]);
  });

  it('carries the tenant’s own script, the visitor cookie and the push source', () => {
    const { tag, variable } = container();
    expect(htmlOf(tag[0])).toContain('"writeKey":"write-key-of-the-shop"');
    expect(htmlOf(tag[1])).toContain('pushSource: "shop"');
    expect(JSON.stringify(variable)).toContain('"value":"_ttoaid"');
  });

  it('runs, with exactly the tenant’s values, whatever they are', () => {
    fc.assert(
      fc.property(anyInstall, (install) => {
        const html = htmlOf(container(install).tag[0]);
        const [, body = ''] = /^<script>([^]*)<\/script>$/.exec(html) ?? [];
        expect(body.toLowerCase()).not.toContain('</script');
        expect(body).not.toContain('{{');
        const added: { src?: string }[] = [];
        const window: { tributary?: { q: ArrayLike<unknown>[] } } = {};
        const document = { createElement: () => ({}), head: { appendChild: (script: { src?: string }) => added.push(script) } };
        const global: Record<string, unknown> = { document };
        Object.assign(global, { window: global });
        runInNewContext(body, global);
        Object.assign(window, { tributary: global['tributary'] });
        expect(window.tributary?.q[0]?.[1]).toMatchObject({
          writeKey: install.writeKey,
          host: install.collectorUrl,
          pixel: install.purchase?.pixelCode,
        });
        expect(added[0]?.src).toBe(`${install.collectorUrl}/v1/tributary.js`);
      }),
    );
  });
});

describe('the proxy rules', () => {
  it.each(['nginx.conf', 'apache.conf', 'tributary-proxy.php'])('of %s lead every path of the tag to the collector', (name) => {
    const rules = written(name, shopInstall());
    for (const [own, target] of [
      ['/s.js', '/v1/tributary.js'],
      ['/e', '/v1/collect'],
      ['/i', '/v1/identify'],
    ]) {
      expect(rules).toContain(`${neutralPath(shopInstall())}${own}`);
      expect(rules).toContain(`https://metrics.shop.example${target}`);
    }
  });

  it('keep every line to itself, whatever the address is', () => {
    fc.assert(
      fc.property(anyInstall, (install) => {
        const count = (text: string): number => text.split('\n').length;
        expect(count(written('nginx.conf', install))).toBe(
          count(written('nginx.conf', shopInstall({ collectorUrl: `${new URL(install.collectorUrl).protocol}//a.example` }))),
        );
      }),
    );
  });

  it('pass on no cookie but ours', () => {
    expect(written('nginx.conf', shopInstall())).toContain(
      'proxy_set_header Cookie "_ttoaid=$cookie__ttoaid; _ttp=$cookie__ttp; ttclid=$cookie_ttclid";',
    );
    const apache = written('apache.conf', shopInstall());
    const sent = 'wp_session=1; _ttoaid=v; wordpress_logged_in=2; _ttp=t;x_ttp=3; ttclid=c; ttclid2=4';
    const found = new Map(
      [...apache.matchAll(/SetEnvIf Cookie "([^"]*)" (\w+)=\$1/g)].map(([, pattern = '', name = '']) => [
        name,
        new RegExp(pattern).exec(sent)?.[1] ?? '',
      ]),
    );
    const [, set = ''] = /RequestHeader set Cookie "expr=([^"]*)"/.exec(apache) ?? [];
    expect(set.replaceAll(/%\{env:(\w+)\}/g, (_, name: string) => found.get(name) ?? '?')).toBe('_ttoaid=v; _ttp=t; ttclid=c');
    expect(apache).not.toContain('edit*');
  });

  it('differ from shop to shop in their path', () => {
    expect(neutralPath(shopInstall())).toMatch(/^\/[0-9a-f]{10}$/);
    expect(neutralPath(shopInstall({ tenantId: 'other' }))).not.toBe(neutralPath(shopInstall()));
  });
});
