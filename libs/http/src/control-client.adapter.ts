import { Agent, request } from 'undici';

/** One thing that control says is wrong; `path` is empty for the whole. */
export interface ControlProblem {
  readonly path: string;
  readonly message: string;
}

/** Control answered no, or could not be reached; the message lists every problem. */
export class ControlRefused extends Error {
  override readonly name = 'ControlRefused';
  constructor(
    message: string,
    /** Null when there was no answer. */
    readonly status: number | null,
    readonly problems: readonly ControlProblem[],
  ) {
    super(message);
  }
}

export interface ControlClientOptions {
  /** Such as `http://127.0.0.1:8081`. */
  readonly url: string;
  readonly adminToken: string;
  readonly timeoutMs: number;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
};

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

function problemsOf(body: unknown): ControlProblem[] {
  const problems = isObject(body) ? body['problems'] : undefined;
  if (!Array.isArray(problems)) return [];
  return (problems as unknown[])
    .filter(isObject)
    .map((problem) => ({ path: textOr(problem['path'], ''), message: textOr(problem['message'], '') }));
}

function refusal(status: number, body: unknown): ControlRefused {
  const problems = problemsOf(body);
  const said = isObject(body) ? [body['title'], body['detail']].filter((part) => typeof part === 'string').join(': ') : '';
  const lines = problems.map(({ path, message }) => `\n  ${path === '' ? '' : `${path}: `}${message}`);
  return new ControlRefused(`control answers ${status}${said === '' ? '' : ` (${said})`}${lines.join('')}`, status, problems);
}

const codeOf = (error: unknown): string => {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown';
};

/** Asks the control API, as the command line does: JSON in and out, problems as {@link ControlRefused}. */
export class ControlClient {
  private readonly agent = new Agent({ connect: { timeout: 5_000 } });

  constructor(private readonly options: ControlClientOptions) {}

  /** `path` as in `/v1/tenants`, with its query; answers the body. */
  async send(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const { status, text } = await this.answer(method, path, body);
    const answered = parse(text);
    if (status < 200 || status > 299) throw refusal(status, answered);
    return answered;
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  private async answer(
    method: 'GET' | 'PUT' | 'POST',
    path: string,
    body: unknown,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { url, adminToken, timeoutMs } = this.options;
    try {
      const answer = await request(`${url.replace(/\/+$/, '')}${path}`, {
        method,
        headers: { authorization: `Bearer ${adminToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher: this.agent,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (error) {
      throw new ControlRefused(`control does not answer at ${url} (${codeOf(error)}): is it running, and is CONTROL_URL right?`, null, []);
    }
  }
}
