import { request } from 'node:http';
import { v7 as uuidv7 } from 'uuid';

const BROWSER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36';

export interface BrowserAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

const jsonOf = (text: string): Readonly<Record<string, unknown>> =>
  text.startsWith('{') ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : {};

/** Sends what a browser on a page would; `fetch` would not let a test say who it is. */
export function asBrowser(
  appUrl: string,
  path: string,
  options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer | object } = {},
): Promise<BrowserAnswer> {
  const { method = 'POST', headers = {}, body } = options;
  const payload = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      `${appUrl}${path}`,
      { method, headers: { 'user-agent': BROWSER_AGENT, 'content-type': 'text/plain', ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: jsonOf(text) });
        });
      },
    );
    sent.once('error', reject);
    sent.end(payload);
  });
}

/** A page view of now, with an event id of its own. */
export const pageView = (overrides: object = {}): Readonly<Record<string, unknown>> & { readonly eventId: string } => ({
  type: 'page_view',
  eventId: uuidv7(),
  occurredAt: new Date().toISOString(),
  url: 'https://shop.example/cafe?utm_source=tiktok',
  ...overrides,
});
