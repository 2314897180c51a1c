import { Agent, request, type Dispatcher } from 'undici';
import type { NoAnswer, ShopReply, ShopRequest } from '@tributary/sources';
import { isPrivateLiteral, PRIVATE_ADDRESS, publicLookup } from './public-lookup.js';

export interface ShopClientOptions {
  /** Shops on this machine or in a private network may be asked: for local starts and tests. */
  readonly allowPrivateHosts: boolean;
  /** For one request with its redirects, to the last byte of its body. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
}

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

class NotAnswered extends Error {
  override readonly name = 'NotAnswered';
  constructor(
    readonly why: NoAnswer,
    readonly detail: string,
  ) {
    super(detail);
  }
}

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const own = (error as { code?: unknown }).code;
  if (typeof own === 'string') return own;
  return error.cause === undefined ? error.name : codeOf(error.cause);
};

function causeOf(error: unknown): NotAnswered {
  if (error instanceof NotAnswered) return error;
  const code = codeOf(error);
  if (code === PRIVATE_ADDRESS) return new NotAnswered('private-address', 'its name leads to no public address');
  const isTimeout = code.includes('TIMEOUT') || (error as { readonly name?: unknown }).name === 'TimeoutError';
  return new NotAnswered(isTimeout ? 'timeout' : 'unreachable', isTimeout ? 'no answer in time' : code);
}

const headersOf = (headers: Dispatcher.ResponseData['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );

/**
 * Asks shops over kept-alive connections and says what came back without throwing. A request goes to the host that it names and
 * nowhere else: a redirect is followed on the same scheme, host and port only, and only for a GET, and where private hosts are not
 * allowed, the socket itself refuses every address that is not public.
 */
export class ShopClient {
  private readonly agent: Agent;

  constructor(private readonly options: ShopClientOptions) {
    const lookup = options.allowPrivateHosts ? {} : { lookup: publicLookup };
    this.agent = new Agent({ connections: 2, connect: { timeout: 10_000, ...lookup }, keepAliveTimeout: 10_000 });
  }

  async send(message: ShopRequest): Promise<ShopReply> {
    const signal = AbortSignal.timeout(this.options.timeoutMs);
    try {
      let target = new URL(message.url);
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
        const answer = await this.ask(target, message, signal);
        if (!REDIRECTS.has(answer.statusCode)) {
          const body = await this.textOf(answer);
          return { kind: 'answered', answer: { status: answer.statusCode, headers: headersOf(answer.headers), body } };
        }
        await answer.body.dump();
        if ((message.method ?? 'GET') !== 'GET') throw new NotAnswered('redirected-elsewhere', 'it redirects what is no mere look');
        target = sameOrigin(target, headersOf(answer.headers)['location']);
      }
      throw new NotAnswered('redirected-elsewhere', 'it redirects in a circle');
    } catch (error) {
      const { why, detail } = causeOf(error);
      return { kind: 'not-answered', cause: why, detail };
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private ask(url: URL, { method = 'GET', headers, body }: ShopRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    if (!this.options.allowPrivateHosts && isPrivateLiteral(url.hostname))
      throw new NotAnswered('private-address', 'its address is not public');
    return request(url, { method, headers, ...(body === undefined ? {} : { body }), dispatcher: this.agent, signal });
  }

  private async textOf({ body }: Dispatcher.ResponseData): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > this.options.maxBodyBytes) {
        body.destroy();
        throw new NotAnswered('too-large', `more than ${this.options.maxBodyBytes} bytes`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
}

function sameOrigin(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw new NotAnswered('redirected-elsewhere', 'it redirects to no address');
  const to = new URL(location, from.href);
  if (to.origin !== from.origin) throw new NotAnswered('redirected-elsewhere', `it redirects to ${to.origin}`);
  return to;
}
