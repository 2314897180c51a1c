import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFaultOrder, type FaultOrder } from './faults.ts';
import { overviewPage } from './overview-page.ts';
import { isObject } from './refusal.ts';
import { parsed, Vendor, type Received, type Reply, type VendorOptions } from './vendor.ts';

const MAX_BODY_BYTES = 10 * 1024 * 1024;

export interface TiktokSimulatorOptions extends VendorOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
}

export interface TiktokSimulator {
  readonly url: string;
  received(): Received;
  readonly control: {
    fail(order: FaultOrder): void;
    clearFaults(): void;
    setLatencyMs(latencyMs: number): void;
    /** Cuts every connection that hangs by order. */
    releaseHanging(): void;
    /** Forgets everything, also what counted in the last 48 hours. */
    reset(): void;
  };
  stop(): Promise<void>;
}

async function textOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Starts TikTok on 127.0.0.1. Faults and what was received are under `/_control/`, a page for people is at `/`. */
export async function startTiktokSimulator(options: TiktokSimulatorOptions): Promise<TiktokSimulator> {
  const vendor = new Vendor(options);
  const hanging = new Set<ServerResponse>();
  let latencyMs = 0;

  const control: TiktokSimulator['control'] = {
    fail: (order) => vendor.faults.add(order),
    clearFaults: () => vendor.faults.clear(),
    setLatencyMs: (wantedMs) => {
      latencyMs = wantedMs;
    },
    releaseHanging: () => {
      for (const response of hanging) response.destroy();
      hanging.clear();
    },
    reset: () => {
      latencyMs = 0;
      vendor.reset();
    },
  };

  function deliver(response: ServerResponse, requestId: string, reply: Reply): void {
    switch (reply.kind) {
      case 'code':
        return sendJson(response, 200, { code: reply.code, message: reply.message, request_id: requestId, data: reply.data ?? {} });
      case 'http':
        response.writeHead(reply.status, { ...reply.headers }).end(reply.body);
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
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(overviewPage(vendor.received()));
        return;
      case 'GET /_control/received':
        return sendJson(response, 200, vendor.received());
      case 'GET /_control/counts':
        return sendJson(response, 200, vendor.received().counts);
      case 'GET /_control/faults':
        return sendJson(response, 200, vendor.faults.list());
      case 'POST /_control/faults': {
        const order = readFaultOrder(body);
        if (typeof order === 'string') return sendJson(response, 400, { problem: order });
        control.fail(order);
        return sendJson(response, 201, vendor.faults.list());
      }
      case 'DELETE /_control/faults':
        control.clearFaults();
        return sendJson(response, 200, []);
      case 'POST /_control/latency': {
        const wantedMs = isObject(body) ? body['latencyMs'] : null;
        if (typeof wantedMs !== 'number' || wantedMs < 0)
          return sendJson(response, 400, { problem: 'latencyMs: expected a number, zero or more' });
        control.setLatencyMs(wantedMs);
        return sendJson(response, 200, { latencyMs });
      }
      case 'POST /_control/release':
        control.releaseHanging();
        return sendJson(response, 200, {});
      case 'POST /_control/reset':
        control.reset();
        return sendJson(response, 200, {});
      default:
        return sendJson(response, 404, { problem: 'no such address' });
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    if (request.url === '/' || request.url?.startsWith('/_control/') === true) return administer(request, response, parsed(body ?? ''));
    const { requestId, reply } = vendor.receive(request, body);
    if (latencyMs === 0) return deliver(response, requestId, reply);
    setTimeout(() => deliver(response, requestId, reply), latencyMs);
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
    received: () => vendor.received(),
    control,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
