import type { IncomingMessage } from 'node:http';
import { EventBook, type TakenEvent } from './event-book.ts';
import { FaultList, type Fault } from './faults.ts';
import { isObject, type JsonObject, type Refusal } from './refusal.ts';
import { checkRequest } from './request-checks.ts';
import { conforms } from './request-schema.ts';

const TRACK_PATH = '/open_api/v1.3/event/track/';

export interface VendorOptions {
  /** Which pixels exist and the token of each; `any` takes every pixel with every token. */
  readonly pixels: readonly { readonly code: string; readonly accessToken: string }[] | 'any';
  readonly now?: () => number;
  /** JSON lines; a simulator that starts again with it still knows what it counted. */
  readonly stateFile?: string;
  /** False keeps ids and counts only, for long runs. */
  readonly keepsBodies?: boolean;
}

export interface ReceivedRequest {
  readonly requestId: string;
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Without the token. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly eventIds: readonly string[];
  /** The JSON as sent, or the text that is none; null when bodies are not kept. */
  readonly body: unknown;
  /** `accepted`, `refused`, or the kind of fault that was ordered. */
  readonly outcome: string;
  /** TikTok's code in the answer; null when the answer carried none. */
  readonly code: number | null;
  readonly message: string;
}

export interface Received {
  readonly counts: { readonly requests: number; readonly accepted: number; readonly duplicates: number };
  readonly requests: readonly ReceivedRequest[];
  readonly accepted: readonly TakenEvent[];
  readonly duplicates: readonly TakenEvent[];
}

/** What goes back over the wire; `hang` and `cut` send nothing. */
export type Reply =
  | { readonly kind: 'code'; readonly code: number; readonly message: string; readonly data?: JsonObject }
  | { readonly kind: 'http'; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'cut' };

interface Verdict {
  readonly outcome: string;
  readonly reply: Reply;
}

const answer = (code: number, message: string, outcome: string): Verdict => ({ outcome, reply: { kind: 'code', code, message } });
const plain = (status: number, body: string, outcome: string, headers: Readonly<Record<string, string>> = {}): Verdict => ({
  outcome,
  reply: { kind: 'http', status, headers: { 'content-type': 'text/plain', ...headers }, body },
});
const htmlPage = (status: number, outcome: string): Verdict => ({
  outcome,
  reply: { kind: 'http', status, headers: { 'content-type': 'text/html' }, body: '<html><body><h1>Bad Gateway</h1></body></html>' },
});

const eventsOf = (body: unknown): readonly JsonObject[] =>
  isObject(body) && Array.isArray(body['data']) ? body['data'].filter(isObject) : [];
const eventIdsOf = (body: unknown): readonly string[] =>
  eventsOf(body)
    .map((event) => event['event_id'])
    .filter((id) => typeof id === 'string');

export function parsed(bodyText: string): unknown {
  try {
    return JSON.parse(bodyText) as unknown;
  } catch {
    return bodyText;
  }
}

/** The vendor itself, without HTTP: what it takes, refuses, remembers and was told to get wrong. */
export class Vendor {
  readonly faults = new FaultList();
  readonly requests: ReceivedRequest[] = [];
  readonly book: EventBook;
  readonly #options: VendorOptions;
  #requestCount = 0;

  constructor(options: VendorOptions) {
    this.#options = options;
    this.book = new EventBook(options.stateFile ?? null);
  }

  now(): number {
    return (this.#options.now ?? Date.now)();
  }

  received(): Received {
    const { accepted, duplicates } = this.book;
    const counts = { requests: this.requests.length, accepted: accepted.length, duplicates: duplicates.length };
    return { counts, requests: this.requests, accepted, duplicates };
  }

  reset(): void {
    this.faults.clear();
    this.requests.length = 0;
    this.book.clear();
  }

  receive(request: IncomingMessage, bodyText: string | null): { readonly requestId: string; readonly reply: Reply } {
    this.#requestCount += 1;
    const requestId = `${this.now().toString(36)}-${this.#requestCount}`;
    const body = bodyText === null ? null : parsed(bodyText);
    const { outcome, reply } = bodyText === null ? plain(413, 'Payload Too Large', 'refused') : this.#judge(request, body, requestId);
    const { 'access-token': _token, ...headers } = request.headers;
    this.requests.push({
      requestId,
      at: this.now(),
      method: request.method ?? '',
      path: request.url ?? '',
      headers,
      eventIds: eventIdsOf(body),
      body: this.#options.keepsBodies === false ? null : body,
      outcome,
      code: reply.kind === 'code' ? reply.code : null,
      message: reply.kind === 'code' ? reply.message : '',
    });
    return { requestId, reply };
  }

  #judge(request: IncomingMessage, body: unknown, requestId: string): Verdict {
    const fault = this.faults.take(eventIdsOf(body));
    const early = fault === null ? null : earlyVerdict(fault, body);
    if (early !== null) return early;
    const refusal = this.#refusalOf(request, body);
    if (refusal !== null) return answer(refusal.code, refusal.message, 'refused');
    const events = eventsOf(body);
    const isPartial = fault?.kind === 'partial';
    this.#take(body as JsonObject, isPartial ? events.slice(0, Math.floor(events.length / 2)) : events, requestId);
    return (fault === null ? null : lateVerdict(fault)) ?? answer(0, 'OK', 'accepted');
  }

  #refusalOf(request: IncomingMessage, body: unknown): Refusal | null {
    if (request.url !== TRACK_PATH || request.method !== 'POST') return { code: 40400, message: `no such endpoint; POST ${TRACK_PATH}` };
    const token = request.headers['access-token'];
    if (typeof token !== 'string' || token === '') return { code: 40104, message: 'Access-Token: the header is missing' };
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
      return { code: 40002, message: 'Content-Type: expected application/json' };
    const { pixels } = this.#options;
    if (pixels !== 'any' && !pixels.some(({ accessToken }) => accessToken === token)) {
      return { code: 40105, message: 'Access-Token: is incorrect or has been revoked' };
    }
    if (!isObject(body)) return { code: 40000, message: 'the body is not a JSON object' };
    const refusal = checkRequest(body, '') ?? conforms(body, '');
    if (refusal !== null || pixels === 'any') return refusal;
    const isOwnPixel = pixels.some(({ code, accessToken }) => code === body['event_source_id'] && accessToken === token);
    return isOwnPixel ? null : { code: 40001, message: 'event_source_id: no permission for this pixel' };
  }

  #take(body: JsonObject, events: readonly JsonObject[], requestId: string): void {
    const { test_event_code: testEventCode, event_source_id: pixel } = body;
    this.book.take(
      events.map((event) => ({
        at: this.now(),
        pixel: String(pixel),
        event: String(event['event']),
        eventId: String(event['event_id']),
        testEventCode: typeof testEventCode === 'string' ? testEventCode : null,
        requestId,
        body: this.#options.keepsBodies === false ? null : event,
      })),
    );
  }
}

/** Faults that come before anything of the request was taken; null for those that come after. */
function earlyVerdict(fault: Fault, body: unknown): Verdict | null {
  switch (fault.kind) {
    case 'throttle':
      return answer(40100, 'requests made too frequently', fault.kind);
    case 'too-many-requests':
      return plain(429, 'Too Many Requests', fault.kind, { 'retry-after': String(fault.retryAfterSeconds ?? 1) });
    case 'internal-error':
      return answer(50000, 'system error', fault.kind);
    case 'bad-credential':
      return answer(40105, 'Access-Token: is incorrect or has been revoked', fault.kind);
    case 'hang-before-accepting':
      return { outcome: fault.kind, reply: { kind: 'hang' } };
    case 'cut-before-accepting':
      return { outcome: fault.kind, reply: { kind: 'cut' } };
    case 'refuse-event': {
      const index = Math.max(
        0,
        eventIdsOf(body).findIndex((id) => fault.eventIds?.includes(id) ?? true),
      );
      const message = fault.hidesPath === true ? 'invalid parameter' : `data.${index}.properties: invalid parameter`;
      return answer(fault.code ?? 40002, message, fault.kind);
    }
    case 'http-error':
    case 'html':
      return fault.accepts === true ? null : lateVerdict(fault);
    default:
      return null;
  }
}

function lateVerdict(fault: Fault): Verdict | null {
  switch (fault.kind) {
    case 'hang-after-accepting':
      return { outcome: fault.kind, reply: { kind: 'hang' } };
    case 'cut-after-accepting':
      return { outcome: fault.kind, reply: { kind: 'cut' } };
    case 'partial':
      return answer(20001, 'partial success', fault.kind);
    case 'http-error':
      return plain(fault.status ?? 500, 'Internal Server Error', fault.kind);
    case 'html':
      return htmlPage(fault.status ?? 502, fault.kind);
    default:
      return null;
  }
}
