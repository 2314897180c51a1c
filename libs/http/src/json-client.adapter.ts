import { Agent, request } from 'undici';

/** What came back from one of our own apps. */
export type JsonAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'unreachable'; readonly cause: string };

export interface JsonRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const causeOf = (error: unknown): string => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown';
};

/** Asks our own apps over HTTP; answers in JSON, whole and of any size. Never throws. */
export class JsonClient {
  private readonly agent = new Agent({ connect: { timeout: 3_000 } });

  async send({ method, url, headers, body, timeoutMs }: JsonRequest): Promise<JsonAnswer> {
    try {
      const answer = await request(url, {
        method,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher: this.agent,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { kind: 'answered', status: answer.statusCode, body: parse(await answer.body.text()) };
    } catch (error) {
      return { kind: 'unreachable', cause: causeOf(error) };
    }
  }

  async close(): Promise<void> {
    await this.agent.close();
  }
}
