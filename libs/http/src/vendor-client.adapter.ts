import { Agent, request } from 'undici';
import type { VendorReply, VendorRequest } from '@tributary/domain';

const MAX_BODY_BYTES = 65_536;
/** The connection could not be made, so the request was not written. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
]);

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const own = (error as { code?: unknown }).code;
  if (typeof own === 'string') return own;
  return error.cause === undefined ? error.name : codeOf(error.cause);
};

const isTls = (code: string): boolean => code.startsWith('ERR_TLS') || code.startsWith('CERT_') || /CERT|SELF_SIGNED|UNABLE_TO/.test(code);

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (size >= MAX_BODY_BYTES) continue;
    chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
}

/** Sends requests to vendors over kept-alive connections, never follows a redirect, and says how each came out without throwing. */
export class VendorClient {
  private readonly agent: Agent;

  constructor(options: { readonly connectionsPerHost: number }) {
    this.agent = new Agent({ connections: options.connectionsPerHost, connect: { timeout: 5_000 }, keepAliveTimeout: 30_000 });
  }

  async send(message: VendorRequest, timeoutMs: number): Promise<VendorReply> {
    try {
      const answer = await request(message.url, {
        method: message.method,
        headers: message.headers,
        body: message.method === 'POST' ? message.body : null,
        dispatcher: this.agent,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
      return { kind: 'answered', status: answer.statusCode, headers, body: await readText(answer.body) };
    } catch (error) {
      const code = codeOf(error);
      if (NOT_SENT.has(code) || isTls(code)) return { kind: 'not-sent', cause: code };
      const isTimeout =
        code.includes('TIMEOUT') || code === 'TimeoutError' || code === '23' || (error instanceof Error && error.name === 'TimeoutError');
      return { kind: 'no-answer', cause: isTimeout ? 'timeout' : 'connection-lost' };
    }
  }

  async close(): Promise<void> {
    await this.agent.close();
  }
}
