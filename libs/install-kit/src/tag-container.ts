import { scriptLiteral } from './escape.js';
import { inlineScript } from './script-tag.js';
import { hostOf, type ShopInstall } from './shop-install.js';

const ALL_OF = { accountId: '0', containerId: '0' } as const;
/** An import gives everything new ids and times; the file needs some. */
const FINGERPRINT = '1795219200000';
const EXPORT_TIME = '2026-11-21 00:00:00';
const PAGE_TRIGGER = '101';
const PURCHASE_TRIGGER = '102';
const PAGE_TAG = 'Tributary - page script';

interface Parameter {
  readonly type: 'TEMPLATE' | 'BOOLEAN' | 'INTEGER';
  readonly key: string;
  readonly value: string;
}

const template = (key: string, value: string): Parameter => ({ type: 'TEMPLATE', key, value });

const variable = (id: string, name: string, type: string, parameter: readonly Parameter[]): object => ({
  ...ALL_OF,
  variableId: id,
  name,
  type,
  parameter,
  fingerprint: FINGERPRINT,
  formatValue: {},
});

const dataLayer = (id: string, name: string, path: string): object =>
  variable(id, name, 'v', [
    { type: 'INTEGER', key: 'dataLayerVersion', value: '2' },
    { type: 'BOOLEAN', key: 'setDefaultValue', value: 'false' },
    template('name', path),
  ]);

/** Only pages of the shop's host: a container may serve several sites. */
const onHost = (host: string): object => ({
  type: 'EQUALS',
  parameter: [template('arg0', '{{Page Hostname}}'), template('arg1', host)],
});

const html = (id: string, name: string, script: string, triggerId: string, priority: string): object => ({
  ...ALL_OF,
  tagId: id,
  name,
  type: 'html',
  parameter: [template('html', script), { type: 'BOOLEAN', key: 'supportDocumentWrite', value: 'false' }],
  fingerprint: FINGERPRINT,
  firingTriggerId: [triggerId],
  tagFiringOption: 'ONCE_PER_LOAD',
  priority: { type: 'INTEGER', value: priority },
  monitoringMetadata: { type: 'MAP' },
  // The script reads the answers itself and holds everything back until there is one.
  consentSettings: { consentStatus: 'NOT_NEEDED' },
});

/** The purchase as the shop's data layer has it: evidence for the record, under the push source; never a conversion. */
const purchaseScript = (connectionId: string): string => `<script>
window.tributary = window.tributary || function () { (tributary.q = tributary.q || []).push(arguments); };
tributary('track', 'tag_manager_purchase', {
  properties: { orderId: String({{Tributary - transaction id}} || ''), pushSource: ${scriptLiteral(connectionId)} }
});
</script>`;

/**
 * A tag-manager container to be imported (merge), as Google Tag Manager exports one: variables, triggers and tags.
 * @see https://support.google.com/tagmanager/answer/6106997 (export format version 2, read 2026-11-21)
 */
export function tagManagerContainer(install: ShopInstall): string {
  // Host name without port, as `{{Page Hostname}}` reads it.
  const host = new URL(install.storeUrl).hostname;
  const container = {
    exportFormatVersion: 2,
    exportTime: EXPORT_TIME,
    containerVersion: {
      path: 'accounts/0/containers/0/versions/0',
      ...ALL_OF,
      containerVersionId: '0',
      name: `Tributary for ${hostOf(install.storeUrl)}`,
      container: {
        path: 'accounts/0/containers/0',
        ...ALL_OF,
        name: `Tributary for ${hostOf(install.storeUrl)}`,
        publicId: 'GTM-TRIBUTARY',
        usageContext: ['WEB'],
        fingerprint: FINGERPRINT,
      },
      tag: [
        html('201', PAGE_TAG, inlineScript(install), PAGE_TRIGGER, '10'),
        html('202', 'Tributary - purchase seen', purchaseScript(install.shopConnectionId), PURCHASE_TRIGGER, '0'),
      ],
      trigger: [
        {
          ...ALL_OF,
          triggerId: PAGE_TRIGGER,
          name: 'Tributary - pages of the shop',
          type: 'PAGEVIEW',
          filter: [onHost(host)],
          fingerprint: FINGERPRINT,
        },
        {
          ...ALL_OF,
          triggerId: PURCHASE_TRIGGER,
          name: 'Tributary - purchase',
          type: 'CUSTOM_EVENT',
          customEventFilter: [{ type: 'EQUALS', parameter: [template('arg0', '{{_event}}'), template('arg1', 'purchase')] }],
          filter: [onHost(host)],
          fingerprint: FINGERPRINT,
        },
      ],
      variable: [
        variable('301', 'Tributary - visitor id', 'k', [
          { type: 'BOOLEAN', key: 'decodeCookie', value: 'true' },
          template('name', '_ttoaid'),
        ]),
        dataLayer('302', 'Tributary - transaction id', 'ecommerce.transaction_id'),
      ],
      builtInVariable: [
        { ...ALL_OF, type: 'PAGE_HOSTNAME', name: 'Page Hostname' },
        { ...ALL_OF, type: 'EVENT', name: 'Event' },
      ],
      fingerprint: FINGERPRINT,
    },
  };
  return `${JSON.stringify(container, null, 2)}\n`;
}
