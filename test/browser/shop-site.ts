import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { buildPageScript } from './built-page-script.js';
import { launchChromium } from './chromium.js';
import { RecordingCollector } from './recording-collector.js';
import { STORE_API_CART } from './woocommerce-pages.js';

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A shop at `www.shop.localhost`, its collector at `metrics.shop.localhost`, and a browser that finds both on this machine. */
export class ShopSite {
  collector = new RecordingCollector();
  /** Pages by path; read at every request. */
  readonly pages = new Map<string, string>();
  /** Paths of the shop's own host that its web server passes on, with the collector's. */
  readonly passedOn = new Map<string, string>();

  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    readonly shopUrl: string,
    readonly collectorUrl: string,
  ) {}

  static async open(): Promise<ShopSite> {
    const script = await buildPageScript();
    const sites: ShopSite[] = [];
    const server = createServer((request, reply) => {
      const [site] = sites;
      if (site !== undefined) void site.answer(request, reply, script);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const shopUrl = `http://www.shop.localhost:${port}`;
    const browser = await launchChromium();
    const site = new ShopSite(server, browser, shopUrl, `http://metrics.shop.localhost:${port}`);
    sites.push(site);
    return site;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Somebody new with an empty browser; the collector starts to record anew. */
  async visitor(): Promise<Visitor> {
    this.collector = new RecordingCollector();
    const context = await this.browser.newContext({ locale: 'es-CL' });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    return new Visitor(this, context, page, errors);
  }

  /** The tag as the shop carries it. */
  tag(attributes = ''): string {
    return `<script async src="${this.collectorUrl}/v1/tributary.js" data-write-key="write-key-of-the-shop" ${attributes}></script>`;
  }

  private async answer(request: IncomingMessage, reply: ServerResponse, script: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://any');
    const isCollector = request.headers.host?.startsWith('metrics.') === true;
    const path = isCollector ? url.pathname : this.passedOn.get(url.pathname);
    if (path !== undefined) {
      if (path === '/v1/tributary.js') reply.setHeader('content-type', 'text/javascript').end(script);
      else await this.collect(path, request, reply);
      return;
    }
    const isCart = url.pathname === '/wp-json/wc/store/v1/cart';
    reply.setHeader('content-type', isCart ? 'application/json' : 'text/html; charset=utf-8');
    reply.end(
      isCart ? JSON.stringify(STORE_API_CART) : (this.pages.get(url.pathname) ?? '<title>empty</title><link rel="icon" href="data:,">'),
    );
  }

  private async collect(path: string, request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const { origin } = request.headers;
    const body = await bodyOf(request);
    // A preflight would be an OPTIONS request, whose empty body is refused.
    const { status, retryAfterSeconds } = this.collector.receive(path, body);
    if (origin !== undefined) reply.setHeader('access-control-allow-origin', origin).setHeader('access-control-allow-credentials', 'true');
    if (retryAfterSeconds !== undefined)
      reply.setHeader('retry-after', String(retryAfterSeconds)).setHeader('access-control-expose-headers', 'retry-after');
    reply.writeHead(status, { 'content-type': 'application/json' }).end('{"results":[]}');
  }
}

export interface PixelCall {
  readonly event: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly eventId: string;
}

/** One person with one browser. */
export class Visitor {
  constructor(
    private readonly site: ShopSite,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly errors: readonly string[],
  ) {}

  async open(path: string): Promise<void> {
    await this.page.goto(`${this.site.shopUrl}${path}`, { waitUntil: 'load' });
  }

  pixel(): Promise<PixelCall[]> {
    return this.page.evaluate<PixelCall[]>(`JSON.parse(sessionStorage.getItem('pixel') || '[]')`);
  }

  async cookies(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries((await this.context.cookies()).map(({ name, value }) => [name, value]));
  }

  /** Names of what lies in local storage. */
  stored(): Promise<string[]> {
    return this.page.evaluate<string[]>('Object.keys(localStorage)');
  }

  call(...call: readonly unknown[]): Promise<unknown> {
    return this.page.evaluate(`tributary(...${JSON.stringify(call)})`);
  }
}
