import type { VendorClient } from '@tributary/http';
import type { Log } from '@tributary/telemetry';

export interface GateAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Control may wait for Kafka before it answers. */
const TIMEOUT_MS = 15_000;
const PROBLEM = 'application/problem+json';

export const gateProblem = (status: number, title: string, detail: string): GateAnswer => ({
  status,
  contentType: PROBLEM,
  body: JSON.stringify({ type: 'about:blank', title, status, detail }),
});

/**
 * The one thing of control that the public address shows. Requests are handed on with the caller's own keys, which control checks;
 * ingest holds none, so nobody gets further through it than by themselves.
 */
export class ControlGate {
  constructor(
    private readonly client: Pick<VendorClient, 'send' | 'close'>,
    private readonly controlUrl: string,
    private readonly log: Log,
  ) {}

  close(): Promise<void> {
    return this.client.close();
  }

  /** `path` as control has it. */
  async ask(method: 'POST' | 'GET' | 'DELETE', path: string, authorization: string | undefined, body = ''): Promise<GateAnswer> {
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    };
    const reply = await this.client.send(
      { method, url: `${this.controlUrl}${path}`, headers, body: method === 'POST' ? body : '' },
      TIMEOUT_MS,
    );
    if (reply.kind === 'answered') return { status: reply.status, contentType: reply.headers['content-type'] ?? PROBLEM, body: reply.body };
    this.log.warn({ cause: reply.cause }, 'control does not answer, so instances cannot be made');
    return gateProblem(
      503,
      'Not now',
      'Settings cannot be changed at this moment. Ask again: the same request makes no second connection.',
    );
  }
}
