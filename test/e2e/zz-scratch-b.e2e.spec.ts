import { writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ORDER_EVENTS_TOPIC } from '@tributary/codecs';
import { readRange } from '@tributary/kafka';
import { readRecordsOf } from '@tributary/stream';
import { createLog } from '@tributary/telemetry';
import { orderBody, signedWebhook } from '../builders/order.builder.js';
import { eventually } from '../stack/eventually.js';
import { Stack } from '../stack/stack.js';
import { configure, postWebhook } from '../stack/tenant.js';
let stack: Stack;
const SECRET='secret-of-the-shop';
beforeAll(async () => {
  stack = await Stack.start({ apps: ['ingest', 'tiktok', 'control'], partitions: 4 });
  await configure(stack, { id: 'acme', shops: [{ id: 'shop', token: 'token-of-the-shop-01', webhookSecret: SECRET }],
    pixels: [{ id: 'ads', accessToken: 'token-of-the-pixel', settings: { pixelCode: 'PIXEL1', sources: ['shop'] } }] });
}, 180_000);
afterAll(() => stack?.stop(), 30_000);
const order = async (id: number, o: Record<string, unknown> = {}) => {
  const now = new Date().toISOString().slice(0, 19);
  await postWebhook(stack.app('ingest').url, 'token-of-the-shop-01', signedWebhook(orderBody({ id, number: String(id), date_created_gmt: now, date_modified_gmt: now, date_paid_gmt: now, ...o }), SECRET));
};
it('scratch', async () => {
  stack.tiktok.control.fail({ kind: 'refuse-event', eventIds: ['wc_order_1003'] });
  stack.tiktok.control.fail({ kind: 'bad-credential', eventIds: ['wc_order_1005'] });
  await order(1001, { status: 'on-hold', date_paid_gmt: null }); await order(1001);
  await order(1002, { meta_data: [{ id: 3, key: 'cdp_consent', value: 'denied' }] });
  await order(1003); await order(1004, { status: 'on-hold', date_paid_gmt: null });
  await new Promise(r => setTimeout(r, 2000));
  await order(1005);
  await new Promise(r => setTimeout(r, 2000));
  let out = '';
  for (const id of ['1001','1002','1003','1004','1005']) {
    out += (await promisify(execFile)(process.execPath, [join(__dirname, '../../dist/apps/cli/main.js'), 'explain', 'acme', 'shop', id], { env: { ...stack.environment(), CONTROL_URL: stack.app('control').url } })).stdout + '\n======\n';
  }
  for (const args of [['alerts'], ['deliveries','acme'], ['deliveries','acme','--state','foo']]) {
    out += await promisify(execFile)(process.execPath, [join(__dirname, '../../dist/apps/cli/main.js'), ...args], { env: { ...stack.environment(), CONTROL_URL: stack.app('control').url } }).then(x=>x.stdout, e=>e.stderr) + '\n======\n';
  }
  const lines: string[] = [];
  const log = { debug: (f: object, m: string) => lines.push(m + JSON.stringify(f)), info: (f: object, m: string) => lines.push(m + JSON.stringify(f)), warn: (f: object, m: string) => lines.push('W ' + m + JSON.stringify(f)), error: (f: object, m: string) => lines.push('E ' + m + JSON.stringify(f)) } as never;
  const t0 = performance.now();
  const ends = new Map([0,1,2,3].map((p) => [p, 100]));
  const error = await readRange(stack.kafka, { topic: ORDER_EVENTS_TOPIC, from: new Map(), until: ends }, () => Promise.reject(new Error('over')), log).then(() => 'ok', (e: Error) => e.message);
  out += `readRange: ${error} in ${performance.now()-t0}\n`;
  const groups = async () => { const a = stack.kafka.admin(); await a.connect(); const g = await a.listGroups(); await a.disconnect(); return g.groups.map(x => x.groupId); };
  out += JSON.stringify(await groups()) + '\n';
  await new Promise(r => setTimeout(r, 6000));
  out += JSON.stringify(await groups()) + '\n' + lines.join('\n') + '\n';
  const res = []; for (const ms of [1, 20, 40, 60, 80, 120]) { const r = await readRecordsOf(stack.kafka, { topic: ORDER_EVENTS_TOPIC, keys: ['acme:shop:1001'], timeLimitMs: ms }, createLog('t','silent')); res.push([ms, r.isCutOff]); }
  await new Promise(r => setTimeout(r, 4000));
  out += JSON.stringify(res) + JSON.stringify(await groups()) + '\n';
  const doc = await (await fetch(`${stack.app('control').url}/openapi.json`)).text(); writeFileSync('/tmp/openapi.json', doc);
  writeFileSync('/tmp/scratch.out', out);
}, 90_000);
