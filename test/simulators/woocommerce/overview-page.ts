import type { SentRequest } from './webhooks/delivery.ts';
import type { WoocommerceShop } from './woocommerce-shop.ts';

const SHOWN = 50;

const escaped = (value: string): string => value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const row = (cells: readonly string[]): string => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
const newest = <T>(items: readonly T[]): readonly T[] => items.slice(-SHOWN).toReversed();

/** Orders, webhooks and what was sent, newest first, for a person to look at. */
export function overviewPage(shop: WoocommerceShop, sent: readonly SentRequest[]): string {
  const orders = newest([...shop.orders.all()]).map(({ id }) => {
    const order = shop.orderJson(id);
    return row([String(id), ...['status', 'total', 'currency', 'date_modified_gmt'].map((name) => order[name] as string)]);
  });
  const webhooks = shop.webhooks
    .all()
    .map(({ id, topic, status, failureCount, deliveryUrl }) => row([String(id), topic, status, String(failureCount), deliveryUrl]));
  const requests = newest(sent).map(({ at, kind, topic, status, url }) =>
    row([new Date(at).toISOString(), topic ?? kind, String(status), url]),
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>WooCommerce simulator</title>
<style>body{font:14px system-ui;margin:2rem}td{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #ddd}</style></head>
<body><h1>WooCommerce ${escaped(shop.site.version)} (simulated)</h1><p>${shop.queue.pendingCount} deliveries wait.</p>
<h2>Orders</h2><table>${orders.join('')}</table><h2>Webhooks</h2><table>${webhooks.join('')}</table>
<h2>Sent</h2><table>${requests.join('')}</table></body></html>`;
}
