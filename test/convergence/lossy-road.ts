import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import type { Fate } from './scenario.js';

/** However late: a history in real time is not as long as one on a virtual clock. */
const LATE_AT_MOST_MS = 3_000;

/** Between a shop's webhooks and us: what becomes of each delivery is fate. */
export class LossyRoad {
  /** What each fate came to, so that a spec can say that it happened. */
  readonly met = new Map<Fate['kind'], number>();
  private deliveries = 0;
  private readonly underWay = new Set<Promise<void>>();

  private constructor(
    private readonly server: Server,
    private readonly destination: () => string,
    private readonly fates: readonly Fate[],
  ) {}

  /** `destination` is asked at each delivery: who receives may have been started anew. */
  static async open(destination: () => string, fates: readonly Fate[]): Promise<LossyRoad> {
    const server = createServer();
    const road = new LossyRoad(server, destination, fates);
    server.on('request', (request, response) => void road.take(request, response));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return road;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** Resolves when nothing is under way any more. */
  async isClear(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  async close(): Promise<void> {
    await this.isClear();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name)),
    ) as Record<string, string>;
    const isPing = headers['x-wc-webhook-topic'] === undefined;
    const fate = (isPing ? undefined : this.fates[this.deliveries % this.fates.length]) ?? { kind: 'taken' as const };
    if (!isPing) {
      this.deliveries += 1;
      this.met.set(fate.kind, (this.met.get(fate.kind) ?? 0) + 1);
    }
    response.writeHead(await this.meet(fate, headers, body)).end();
  }

  private async meet(fate: Fate, headers: Record<string, string>, body: Buffer): Promise<number> {
    const forward = (): Promise<number> => this.forward(headers, body);
    switch (fate.kind) {
      case 'lost':
        return 200;
      case 'refused':
        return 500;
      case 'taken':
        return forward();
      case 'twice':
        await forward();
        return forward();
      case 'late': {
        const arrival = new Promise<void>((resolve) => {
          setTimeout(() => void forward().then(() => resolve()), Math.min(fate.byMs, LATE_AT_MOST_MS));
        });
        this.underWay.add(arrival);
        void arrival.finally(() => this.underWay.delete(arrival));
        return 200;
      }
    }
  }

  /** 503 while nobody is there, as a shop's host would see it. */
  private async forward(headers: Record<string, string>, body: Buffer): Promise<number> {
    try {
      const response = await fetch(this.destination(), { method: 'POST', headers, body: new Uint8Array(body) });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 503;
    }
  }
}
