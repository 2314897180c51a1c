import { attributeLiteral, scriptLiteral } from './escape.js';
import { neutralPath, type ShopInstall } from './shop-install.js';

const consentOf = ({ isConsentRequired }: ShopInstall): string => (isConsentRequired ? 'required' : 'not-required');

const tag = (attributes: Readonly<Record<string, string>>): string =>
  `<script async ${Object.entries(attributes)
    .map(([name, value]) => `${name}=${attributeLiteral(value)}`)
    .join(' ')}></script>\n`;

const common = (install: ShopInstall): Readonly<Record<string, string>> => ({
  'data-write-key': install.writeKey,
  'data-consent': consentOf(install),
  ...(install.purchase === null ? {} : { 'data-pixel': install.purchase.pixelCode }),
});

/** The tag for the `head` of every page, with the script from the collector's own address. */
export const scriptTag = (install: ShopInstall): string => tag({ src: `${install.collectorUrl}/v1/tributary.js`, ...common(install) });

/** The same from the shop's own host, as the reverse proxy has it. */
export function ownHostScriptTag(install: ShopInstall): string {
  const path = neutralPath(install);
  return tag({ src: `${path}/s.js`, 'data-collect-url': `${path}/e`, 'data-identify-url': `${path}/i`, ...common(install) });
}

/** For places that drop a tag's attributes, such as a tag manager: the settings by the API, then the script. */
export const inlineScript = (install: ShopInstall): string => `<script>
window.tributary = window.tributary || function () { (tributary.q = tributary.q || []).push(arguments); };
tributary('init', ${scriptLiteral({
  writeKey: install.writeKey,
  host: install.collectorUrl,
  consent: consentOf(install),
  ...(install.purchase === null ? {} : { pixel: install.purchase.pixelCode }),
})});
(function () {
  var script = document.createElement('script');
  script.async = true;
  script.src = ${scriptLiteral(`${install.collectorUrl}/v1/tributary.js`)};
  document.head.appendChild(script);
})();
</script>`;
