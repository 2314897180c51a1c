import { webhookSignature } from '../builders/php-json.js';
import { signedWebhook } from '../builders/order.builder.js';
import { rawRequest } from '../stack/raw-request.js';
import { paidOrder, shopSpec } from '../stack/shop-window.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';

let stack: Stack;
const shop = shopSpec('main');
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok'] });
  await configure(stack, { id: 'acme', shops: [shop], pixels: [{ id: 'ads', accessToken: 'tok', settings: { pixelCode: 'P' } }] });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);

it('probe', async () => {
  const url = stack.app('ingest').url;
  const path = `/v1/sources/woocommerce/${shop.token}`;
  const out: unknown[] = [];
  const sig = (b: Buffer): [string, string] => ['X-WC-Webhook-Signature', webhookSignature(b, shop.webhookSecret)];
  const tp: [string, string] = ['X-WC-Webhook-Topic', 'order.updated'];
  const e = Buffer.alloc(0);
  const r = async (name: string, q: Parameters<typeof rawRequest>[1]): Promise<void> => { out.push([name, await Promise.race([rawRequest(url, q), new Promise((x) => setTimeout(x, 4000, 'TIMEOUT'))])]); };
  const huge = Buffer.from(JSON.stringify(paidOrder(77, { line_items: [] })).replace('"line_items":[]', `"line_items":[${Array(1_600_000).fill('{}').join(',')}]`));
  out.push([huge.length]);
  await r('huge list', { path, headers: [sig(huge), tp, ['Content-Length', String(huge.length)]], body: huge });
  const deep = Buffer.from('['.repeat(2_000_000));
  await r('deep', { path, headers: [sig(deep), tp, ['Content-Length', String(deep.length)]], body: deep });
  const deep2 = Buffer.from(JSON.stringify(paidOrder(78, { line_items: [] })).replace('"line_items":[]', `"line_items":[],"x":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`));
  await r('deep order', { path, headers: [sig(deep2), tp, ['Content-Length', String(deep2.length)]], body: deep2 });
  await new Promise((x) => setTimeout(x, 6000));
  out.push(await stack.sql.query('', 'select reason, detail, topic, size_bytes from orders.rejections order by received_at'));
  out.push(await stack.sql.query('', 'select order_id, status from orders.heads'));
  out.push(await stack.sql.query('', 'select reference, state from tiktok.ledger_entries'));
  out.push(await stack.sql.query('', 'select topic, octet_length(value) as n from ingest_ops.spool'));
  out.push(await stack.sql.query('', 'select kind, occurrences from alerts.alerts where closed_at is null'));
  process.stdout.write(out.map((x) => JSON.stringify(x)).join('\n') + '\n');
}, 120_000);
