import { phpSnippet } from './php-snippet.js';
import { apacheRules, nginxRules, wordpressProxy } from './reverse-proxy.js';
import { ownHostScriptTag, scriptTag } from './script-tag.js';
import type { ShopInstall } from './shop-install.js';
import { tagManagerContainer } from './tag-container.js';

/** One thing that a shop installs. */
export interface InstallFile {
  readonly name: string;
  readonly contentType: string;
  /** What it is for and where it goes, in one sentence. */
  readonly what: string;
  readonly write: (install: ShopInstall) => string;
}

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const PHP = 'application/x-httpd-php; charset=utf-8';

/** Everything that can be installed, pure in the shop's values. */
export const INSTALL_FILES: readonly InstallFile[] = [
  { name: 'script-tag.html', contentType: HTML, what: 'The script tag, for the head of every page.', write: scriptTag },
  {
    name: 'own-host-tag.html',
    contentType: HTML,
    what: 'The script tag for a shop whose own host passes everything on, with one of the three proxies.',
    write: ownHostScriptTag,
  },
  {
    name: 'tag-manager.json',
    contentType: 'application/json; charset=utf-8',
    what: 'A container to import into Google Tag Manager (Admin, Import Container, Merge), instead of the script tag.',
    write: tagManagerContainer,
  },
  {
    name: 'tributary.php',
    contentType: PHP,
    what: 'Keeps visitor, click id and consent with each order: wp-content/mu-plugins/tributary.php.',
    write: phpSnippet,
  },
  { name: 'nginx.conf', contentType: TEXT, what: 'The shop’s own host passes everything on: nginx, server block.', write: nginxRules },
  { name: 'apache.conf', contentType: TEXT, what: 'The shop’s own host passes everything on: Apache, VirtualHost.', write: apacheRules },
  {
    name: 'tributary-proxy.php',
    contentType: PHP,
    what: 'The shop’s own host passes everything on: WordPress, wp-content/mu-plugins/tributary-proxy.php.',
    write: wordpressProxy,
  },
];
