import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { control } from './control-routes.ts';
import type { Json } from './json/json.ts';
import { overviewPage } from './overview-page.ts';
import type { ShopAnswer, ShopRequest } from './rest/answer.ts';
import { LostConnection } from './rest/edge.ts';
import { ShopFile } from './shop-file.ts';
import type { KeyPermissions } from './shop/people.ts';
import type { Site } from './shop/site.ts';
import type { DeliveryResult, EventDelivery, SentRequest, ShopDelivery } from './webhooks/delivery.ts';
import { WoocommerceShop } from './woocommerce-shop.ts';

/** How long a shop takes to call itself. */
const LOOPBACK_MS = 300;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface WoocommerceSimulatorOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Default: its own address, and free to send anywhere. */
  readonly site?: Partial<Site>;
  /** True: the shop believes that it is behind TLS, and takes Basic. Default: plain http, where only OAuth counts. */
  readonly seesHttps?: boolean;
  readonly keys?: readonly { readonly consumerKey: string; readonly consumerSecret: string; readonly permissions?: KeyPermissions }[];
  /** A cron of the system that runs the queue; default: none, visits do. */
  readonly queueIntervalMs?: number;
  readonly seed?: number;
  /** Where the shop is kept over the end of the process; default: nowhere. */
  readonly stateFile?: string;
  /** The first id of an order or product of a new shop. */
  readonly firstId?: number;
}

export interface WoocommerceSimulator {
  readonly url: string;
  readonly shop: WoocommerceShop;
  readonly sent: readonly SentRequest[];
  stop(): Promise<void>;
}

async function statusOf(delivery: ShopDelivery): Promise<DeliveryResult> {
  try {
    const response = await fetch(delivery.url, {
      method: 'POST',
      headers: { ...delivery.headers },
      body: delivery.body,
      redirect: delivery.followsRedirects ? 'follow' : 'manual',
      signal: AbortSignal.timeout(delivery.timeoutMs),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    // Refused, cut or too late: WordPress makes no difference between them.
    return null;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): Json {
  if (text === '') return {};
  return JSON.parse(text) as Json;
}

const singleValued = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));

/** Starts a shop on 127.0.0.1. `/_control/` tells it what to do and shows a person what happened. */
export async function startWoocommerceSimulator(options: WoocommerceSimulatorOptions = {}): Promise<WoocommerceSimulator> {
  const sent: SentRequest[] = [];
  const hanging = new Set<ServerResponse>();
  const timers = new Set<NodeJS.Timeout>();

  async function deliver(delivery: ShopDelivery | EventDelivery): Promise<DeliveryResult> {
    const at = Date.now();
    const status = await statusOf(delivery);
    const { kind, url, body } = delivery;
    const topic = kind === 'event' ? (delivery as EventDelivery).topic : null;
    sent.push({ at, kind, url, topic, deliveryId: delivery.headers['X-WC-Webhook-Delivery-ID'] ?? null, body, status });
    return status;
  }

  function spawn(run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, LOOPBACK_MS);
    timers.add(timer);
  }

  function send(response: ServerResponse, method: string, { status, headers, body }: ShopAnswer): void {
    response.writeHead(status, { ...headers }).end(method === 'HEAD' ? undefined : body);
  }

  async function visit(shop: WoocommerceShop, request: ShopRequest, response: ServerResponse): Promise<void> {
    try {
      const answer = await shop.browse(request);
      // The ping belongs to the request that caused it: WooCommerce answers afterwards.
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        await shop.webhooks.pingsAnswered();
        file?.keep();
      }
      send(response, request.method, answer);
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error;
      if (error.kind === 'cut') return void response.destroy();
      hanging.add(response);
      response.once('close', () => hanging.delete(response));
    }
  }

  async function administer(shop: WoocommerceShop, method: string, path: string, text: string, response: ServerResponse): Promise<void> {
    if (method === 'GET' && path === '') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(overviewPage(shop, sent));
      return;
    }
    const { status, body } =
      method === 'GET' && path === 'sent' ? { status: 200, body: sent } : await control(shop, method, path, parsed(text));
    if (method !== 'GET') file?.keep();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async function handle(shop: WoocommerceShop, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const text = await textOf(request);
    if (path.startsWith('/_control/')) return administer(shop, method, path.slice('/_control/'.length), text, response);
    const url = `${options.seesHttps === true ? 'https' : 'http'}://${request.headers.host ?? '127.0.0.1'}${path}`;
    return visit(shop, { method, url, headers: singleValued(request.headers), body: text === '' ? null : text }, response);
  }

  const server = createServer();
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const shop = new WoocommerceShop({
    now: Date.now,
    deliver,
    queue: { spawn },
    site: { homeUrl: url, deliversAnywhere: true, ...options.site },
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  const file = options.stateFile === undefined ? undefined : new ShopFile(options.stateFile, shop);
  if (options.firstId !== undefined) shop.beginIdsAt(options.firstId);
  for (const { consumerKey, consumerSecret, permissions } of options.keys ?? []) {
    if (shop.people.findKey(consumerKey) === undefined) shop.people.importKey(consumerKey, consumerSecret, permissions ?? 'read_write');
  }
  server.on('request', (request, response) => {
    handle(shop, request, response).catch((error: unknown) => {
      process.stderr.write(`WooCommerce simulator: ${String(error)}\n`);
      response.destroy();
    });
  });
  const runQueue = async (): Promise<void> => {
    if (shop.queue.pendingCount === 0) return;
    await shop.queue.run();
    file?.keep();
  };
  const cron = options.queueIntervalMs === undefined ? null : setInterval(() => void runQueue(), options.queueIntervalMs);
  return {
    url,
    shop,
    sent,
    stop: () =>
      new Promise((resolve) => {
        if (cron !== null) clearInterval(cron);
        for (const timer of timers) clearTimeout(timer);
        for (const response of hanging) response.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
