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
  await r('no body no length', { path, headers: [sig(e), tp] });
  await r('length 0', { path, headers: [sig(e), tp, ['Content-Length', '0']] });
  await r('length 0 json', { path, headers: [sig(e), tp, ['Content-Length', '0'], ['Content-Type', 'application/json']] });
  await r('no content type', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '2']], body: Buffer.from('{}') });
  await r('bad content type', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '2'], ['Content-Type', ';;;???']], body: Buffer.from('{}') });
  await r('empty content type', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '2'], ['Content-Type', '']], body: Buffer.from('{}') });
  await r('multipart', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '2'], ['Content-Type', 'multipart/form-data; boundary=x']], body: Buffer.from('{}') });
  await r('charset', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '2'], ['Content-Type', 'application/json; charset=utf-16']], body: Buffer.from('{}') });
  await r('chunked', { path, headers: [sig(Buffer.from('{}')), tp, ['Transfer-Encoding', 'chunked']], body: Buffer.from('2\r\n{}\r\n0\r\n\r\n') });
  await r('chunked broken', { path, headers: [sig(Buffer.from('{}')), tp, ['Transfer-Encoding', 'chunked']], body: Buffer.from('zz\r\n{}\r\n0\r\n\r\n') });
  await r('both', { path, headers: [sig(Buffer.from('{}')), tp, ['Transfer-Encoding', 'chunked'], ['Content-Length', '2']], body: Buffer.from('2\r\n{}\r\n0\r\n\r\n') });
  await r('neg length', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '-2']], body: Buffer.from('{}') });
  await r('cut half', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '1000']], body: Buffer.from('{"id":1,'), endsWith: 'half' });
  await r('cut reset', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '1001']], body: Buffer.from('{"id":2,'), endsWith: 'reset' });
  await r('big header', { path, headers: [['X-Big', 'x'.repeat(20_000)], ['Content-Length', '0']] });
  await r('two signatures', { path, headers: [sig(Buffer.from('{}')), sig(Buffer.from('{}')), tp, ['Content-Length', '2']], body: Buffer.from('{}') });
  await r('latin1 signature', { path, headers: [['X-WC-Webhook-Signature', 'é'.repeat(44)], tp, ['Content-Length', '2']], body: Buffer.from('{}') });
  await r('expect', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '2'], ['Expect', '100-continue']], body: Buffer.from('{}') });
  await r('expect odd', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '2'], ['Expect', 'x']], body: Buffer.from('{}') });
  await r('upgrade', { path, headers: [sig(Buffer.from('{}')), tp, ['Content-Length', '2'], ['Connection', 'upgrade'], ['Upgrade', 'websocket']], body: Buffer.from('{}') });
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'FOO', 'PROPFIND', 'CONNECT'])
    await r(method, { method, path, headers: [['Content-Length', '2']], body: Buffer.from('{}') });
  for (const p of ['/', '/v1/sources/woocommerce', '/v1/sources/woocommerce/', `${path}/`, `${path}/x`, `${path}?x=1`, `/${path}`, '/v1/sources/shopify/' + shop.token, '/v1/sources/woocommerce/%00', '/v1/sources/woocommerce/%zz', '/v1/sources/woocommerce/%E0%A4', '/v1/sources/woocommerce/' + 'x'.repeat(9_000), '/v1/../v1/sources/woocommerce/' + shop.token, path.toUpperCase(), '*', '/v1/sources/woocommerce/__proto__', '/v1/sources/woocommerce/constructor'])
    await r(p.slice(0, 60), { path: p, headers: [['Content-Length', '2']], body: Buffer.from('{}') });
  const big = Buffer.alloc(6 * 1024 * 1024, 'x');
  for (let i = 0; i < 5; i += 1) {
  await r('too large raw', { path, headers: [sig(big), tp, ['Content-Length', String(big.length)]], body: big });
  out.push(['too large fetch', await postWebhook(url, shop.token, { rawBody: big, headers: { ...signedWebhook({}, shop.webhookSecret).headers, 'content-length': String(big.length) } }).then((a) => a.status, (error: Error) => `${error.message} ${String((error.cause as Error).message)}`)]);
  }
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
