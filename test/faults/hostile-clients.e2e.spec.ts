import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { eventually } from '../stack/eventually.js';
import { rawRequest } from '../stack/raw-request.js';
import { Stack } from '../stack/stack.js';
import { configure } from '../stack/tenant.js';
import { Client } from './clients.js';
import { faultTenant, Load, paidOrders } from './load.js';

const MAX_CONNECTIONS = 2_000;
const REQUEST_TIMEOUT_MS = 4_000;
const WEBHOOK = '/v1/sources/woocommerce/token-of-the-shop-01';
const COLLECT = '/v1/collect';
/** Of what a bomb may cost while it is refused. */
const MAX_GROWTH_MIB = 100;

let stack: Stack;
let load: Load;
let nextOrder = 1;
const clients: Client[] = [];
const url = (): string => stack.app('ingest').url;

function open(count: number, opening: (index: number) => string | Buffer): Client[] {
  const opened = Array.from({ length: count }, (_, index) => new Client(url(), opening(index)));
  clients.push(...opened);
  return opened;
}

/** The shops are served as ever. */
async function aShopIsServed(): Promise<void> {
  const [webhook] = paidOrders(nextOrder, 1);
  nextOrder += 1;
  if (webhook === undefined) throw new Error('no order');
  expect(await load.post(webhook)).toBe(200);
}

/** Largest resident memory of ingest so far. */
const peakMib = (): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${stack.app('ingest').child.pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1_024;

beforeAll(async () => {
  stack = await Stack.start({ apps: [] });
  const env = { INGEST_MAX_CONNECTIONS: String(MAX_CONNECTIONS), INGEST_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS) };
  await stack.untilReady(await stack.startApp('ingest', { env }));
  await configure(stack, faultTenant);
  load = new Load(url);
  await aShopIsServed();
}, 120_000);
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => stack?.stop(), 30_000);

it('ends requests that arrive too slowly with 408, and serves shops meanwhile', async () => {
  const halfHeaders = (): string => `POST ${WEBHOOK} HTTP/1.1\r\nHost: ingest.example\r\nX-Slow: `;
  const halfBody = (): string => `POST ${WEBHOOK} HTTP/1.1\r\nHost: ingest.example\r\nContent-Length: 3000\r\n\r\n{"id":`;
  const slow = open(300, (index) => (index % 2 === 0 ? halfHeaders() : halfBody()));
  await eventually('the slow ones are connected', 10_000, () => slow.every(({ isConnected }) => isConnected));
  await aShopIsServed();
  await eventually('all of them are told and closed', REQUEST_TIMEOUT_MS * 5, () => slow.every(({ isClosed }) => isClosed));
  expect(new Set(slow.map(({ status }) => status))).toEqual(new Set([408]));
  await aShopIsServed();
}, 60_000);

it('refuses headers that are too many or too long with 431', async () => {
  const long = [['X-Bomb', 'x'.repeat(1024 * 1024)]] as const;
  const many = Array.from({ length: 5_000 }, (_, index) => [`X-Bomb-${index}`, 'x'.repeat(20)] as const);
  // More than once: whether a client still reads its answer is a race of its own bytes with the end of its connection.
  for (let round = 0; round < 50; round += 1) expect(await rawRequest(url(), { path: WEBHOOK, headers: long })).toBe(431);
  expect(await rawRequest(url(), { path: WEBHOOK, headers: many })).toBe(431);
  expect(await rawRequest(url(), { path: `${COLLECT}?${'x'.repeat(1024 * 1024)}` })).toBe(431);
  await aShopIsServed();
});

it('stops reading a body without end', async () => {
  const before = peakMib();
  const endless: Client[] = [];
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
  // More than once: whether a client still reads its answer is a race of its own bytes with the end of its connection.
  for (const path of Array.from({ length: 10 }, () => [WEBHOOK, COLLECT]).flat()) {
    const [client] = open(1, () => `POST ${path} HTTP/1.1\r\nHost: ingest.example\r\nTransfer-Encoding: chunked\r\n\r\n`);
    if (client === undefined) throw new Error('no client');
    let written = 0;
    await eventually(`${path} refuses it`, 20_000, () => {
      for (let index = 0; index < 16 && client.status === null && client.write(chunk); index += 1) written += chunk.length;
      return client.status !== null;
    });
    expect([path, client.status]).toEqual([path, 413]);
    expect(written).toBeLessThan(64 * 1024 * 1024);
    endless.push(client);
  }
  await eventually('those who send on all the same lose their connection', 20_000, () => {
    for (const client of endless) client.write(chunk);
    return endless.every(({ isClosed }) => isClosed);
  });
  expect(peakMib() - before).toBeLessThan(MAX_GROWTH_MIB);
  await aShopIsServed();
}, 60_000);

it('does not unpack a body, and is not felled by a deep one', async () => {
  const before = peakMib();
  const packed = gzipSync(Buffer.alloc(200 * 1024 * 1024));
  const gzip = [['Content-Encoding', 'gzip'] as const, ['Content-Length', String(packed.length)] as const];
  expect(await rawRequest(url(), { path: COLLECT, headers: gzip, body: packed })).toBe(400);
  const deep = Buffer.from('['.repeat(400_000));
  const plain = [['Content-Length', String(deep.length)]] as const;
  expect(await rawRequest(url(), { path: COLLECT, headers: plain, body: deep })).toBe(400);
  const closed = Buffer.from(`{"writeKey":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
  const length = [['Content-Length', String(closed.length)]] as const;
  expect(await rawRequest(url(), { path: COLLECT, headers: length, body: closed })).toBe(401);
  expect(peakMib() - before).toBeLessThan(MAX_GROWTH_MIB);
  await aShopIsServed();
}, 60_000);

it('refuses the rest of 10,000 open connections with a word, and serves again when they are gone', async () => {
  const crowd: Client[] = [];
  // Fewer at a time than the kernel holds for a server that is busy: those beyond would never be told anything.
  while (crowd.length < 10_000) {
    const some = open(1_000, () => '');
    crowd.push(...some);
    await eventually('they are served or refused', 20_000, () => some.every(({ isConnected, isClosed }) => isConnected || isClosed));
  }
  const told = (): Client[] => crowd.filter(({ status }) => status !== null);
  await eventually('those over the limit are told', 30_000, () => told().length >= 10_000 - MAX_CONNECTIONS);
  // Those that were let in and say nothing lose their place as any slow client does.
  await eventually('every place is free again', REQUEST_TIMEOUT_MS * 5, () => crowd.every(({ isClosed }) => isClosed));
  expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([503, 408]));
  await aShopIsServed();
  expect(stack.app('ingest').child.isRunning()).toBe(true);
}, 120_000);
