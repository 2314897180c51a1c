import { ADMIN_TOKEN } from './stack.js';
import type { Haystack } from './traces-of-people.js';

export interface AskOptions {
  readonly method?: 'GET' | 'PUT' | 'POST';
  readonly body?: unknown;
  readonly token?: string;
}

export interface ControlAnswer<Body> {
  readonly status: number;
  readonly type: string;
  readonly body: Body;
}

/** Asks the control API as its callers do and keeps every answer, to be searched for what must not be in it. */
export class ControlApi {
  readonly heard: Haystack[] = [];

  constructor(private readonly url: string) {}

  async ask<Body>(path: string, { method = 'GET', body, token = ADMIN_TOKEN }: AskOptions = {}): Promise<ControlAnswer<Body>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    this.heard.push({ where: `${method} ${path}`, bytes: Buffer.from(text) });
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', body: JSON.parse(text) as Body };
  }
}

/** Of an explanation what specs look at. */
export interface Explained {
  readonly status: string;
  readonly words: readonly string[];
  readonly observations: readonly { readonly status: string; readonly whatChanged: readonly string[]; readonly isKept: boolean }[];
  readonly destinations: readonly {
    readonly connection: string;
    readonly undecided: string | null;
    readonly deliveries: readonly {
      readonly id: string;
      readonly state: string;
      readonly reason: string | null;
      readonly request: { readonly data: readonly { readonly user: Record<string, unknown>; readonly event_id: string }[] } | null;
      readonly requestNote: string | null;
      readonly matchKeys: readonly string[];
      readonly whatWouldChangeIt: string | null;
      readonly attempts: readonly { readonly code: string; readonly outcome: string; readonly requestId: string }[];
    }[];
  }[];
}
/** A page of any list. */
export interface List {
  readonly items: readonly Record<string, unknown>[];
  readonly nextCursor: string | null;
}
