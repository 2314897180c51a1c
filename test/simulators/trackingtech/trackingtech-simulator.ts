import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Courier,
  type CourierOptions,
  type CourierOrder,
  type CourierProgress,
  type CourierReply,
  type CourierRequest,
  type ListShape,
} from './courier.ts';
import { readFaultOrder, type FaultOrder } from './faults.ts';

const MAX_BODY_BYTES = 1024 * 1024;

export interface TrackingtechSimulatorOptions extends CourierOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
}

export interface TrackingtechSimulator {
  readonly url: string;
  received(): {
    readonly requests: readonly CourierRequest[];
    readonly orders: readonly CourierOrder[];
    readonly repeats: readonly CourierOrder[];
    /** Linked shops by customer id. */
    readonly linked: Readonly<Record<string, { readonly storeUrl: string; readonly deviceId: string }>>;
  };
  readonly control: {
    fail(order: FaultOrder): void;
    clearFaults(): void;
    shapeLists(shape: ListShape): void;
    /** An order moves on; false when there is none. */
    progress(orderId: string, status: string, progress?: CourierProgress): boolean;
    /** Cuts every connection that hangs by order. */
    releaseHanging(): void;
    reset(): void;
  };
  stop(): Promise<void>;
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const escaped = (value: string): string => value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** What was received, newest first, for a person to look at. */
function overviewPage({ orders, repeats, requests }: Courier): string {
  const rows = orders
    .toReversed()
    .map(({ createdAt, orderId, trackingId, status }) => [new Date(createdAt).toISOString(), orderId, trackingId, status])
    .map((cells) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TrackingTech simulator</title>
<style>body{font:14px system-ui;margin:2rem}td,th{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #ddd}</style></head>
<body><h1>TrackingTech (simulated)</h1>
<p>${requests.length} requests, ${orders.length} courier orders, ${repeats.length} repeats of one that was there.
<a href="/_control/received">All as JSON</a>, <a href="/_control/faults">ordered faults</a>.</p>
<table><tr><th>time</th><th>order</th><th>tracking id</th><th>status</th></tr>${rows.join('')}</table></body></html>`;
}

/** Starts the courier on 127.0.0.1. Faults and what was received are under `/_control/`, a page for people is at `/`. */
export async function startTrackingtechSimulator(options: TrackingtechSimulatorOptions = {}): Promise<TrackingtechSimulator> {
  const courier = new Courier(options);
  const hanging = new Set<ServerResponse>();

  const received: TrackingtechSimulator['received'] = () => ({
    requests: courier.requests,
    orders: courier.orders,
    repeats: courier.repeats,
    linked: Object.fromEntries(courier.linked),
  });
  const control: TrackingtechSimulator['control'] = {
    fail: (order) => courier.faults.add(order),
    clearFaults: () => courier.faults.clear(),
    shapeLists: (shape) => courier.shapeLists(shape),
    progress: (orderId, status, progress) => courier.progress(orderId, status, progress),
    releaseHanging: () => {
      for (const response of hanging) response.destroy();
      hanging.clear();
    },
    reset: () => courier.reset(),
  };

  const sendJson = (response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

  function deliver(response: ServerResponse, reply: CourierReply): void {
    switch (reply.kind) {
      case 'json':
        return sendJson(response, reply.status, reply.body, reply.headers);
      case 'html':
        response.writeHead(reply.status, { 'content-type': 'text/html' }).end('<html><body><h1>Bad Gateway</h1></body></html>');
        return;
      case 'hang':
        hanging.add(response);
        response.once('close', () => hanging.delete(response));
        return;
      case 'cut':
        response.destroy();
    }
  }

  function administer(request: IncomingMessage, response: ServerResponse, body: unknown): void {
    switch (`${request.method} ${request.url}`) {
      case 'GET /':
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(overviewPage(courier));
        return;
      case 'GET /_control/received':
        return sendJson(response, 200, received());
      case 'GET /_control/faults':
        return sendJson(response, 200, courier.faults.list());
      case 'POST /_control/faults': {
        const order = readFaultOrder(body);
        if (typeof order === 'string') return sendJson(response, 400, { problem: order });
        control.fail(order);
        return sendJson(response, 201, courier.faults.list());
      }
      case 'POST /_control/progress': {
        const { orderId, status, ...progress } = body as { readonly orderId?: unknown; readonly status?: unknown };
        if (typeof orderId !== 'string' || typeof status !== 'string')
          return sendJson(response, 400, { problem: 'orderId and status are texts' });
        return control.progress(orderId, status, progress)
          ? sendJson(response, 200, { orderId, status })
          : sendJson(response, 404, { problem: 'no such order' });
      }
      case 'DELETE /_control/faults':
        control.clearFaults();
        return sendJson(response, 200, []);
      default:
        return sendJson(response, 404, { problem: 'no such address' });
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await jsonOf(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://courier.invalid');
    if (pathname === '/' || pathname.startsWith('/_control/')) return administer(request, response, body);
    deliver(
      response,
      courier.receive({ method: request.method ?? '', path: pathname, query: searchParams, headers: request.headers, body }),
    );
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    control,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
