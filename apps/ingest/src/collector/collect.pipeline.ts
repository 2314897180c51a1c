import { randomBytes } from 'node:crypto';
import type { BlockList } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { explainReason, type ReasonCode } from '@tributary/domain';
import { RecordRefused } from '@tributary/kafka';
import {
  parseVisitBody,
  visitsSource,
  writeKeyInText,
  type BrowserRequest,
  type ParsedRequest,
  type ShownTogether,
  type VisitConnection,
} from '@tributary/sources';
import type { FactAppender, PromptAppend, Sightings, UnsealedFact, VisitDirectory } from '@tributary/stream';
import { describeError, type Log } from '@tributary/telemetry';
import type { RequestBody } from '../request-body.js';
import { BotFilter, browserRequestOf, type Arrived } from './browser-request.js';
import { TokenBuckets } from './token-buckets.js';
import { TwoGenerations } from './two-generations.js';

export interface CollectPorts {
  readonly connections: VisitDirectory;
  readonly appender: FactAppender;
  readonly kafka: Pick<PromptAppend, 'isReady'>;
  readonly sightings: Pick<Sightings, 'note'>;
  readonly log: Log;
  readonly count: (outcome: string, events: number) => void;
  readonly trustedProxies: BlockList;
  /** For connections that say nothing of their own. */
  readonly eventsPerSecond: number;
}

export interface CollectRequest extends Arrived {
  readonly endpoint: 'collect' | 'identify';
  readonly body: RequestBody;
}

export interface CollectAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: no content. */
  readonly body: string;
}

interface Refusal {
  readonly reason: ReasonCode;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

const STATUS: Partial<Record<ReasonCode, number>> = {
  'unknown-write-key': 401,
  'origin-not-allowed': 403,
  'body-too-large': 413,
  'over-quota': 429,
  'not-durable': 503,
};
const REMEMBERED_EVENTS = 25_000;
/** So many refused requests of a connection are kept a minute; the others are only counted. */
const KEPT_REFUSALS_PER_MINUTE = 10;
const QUOTA_SECONDS = 2;
const RETRY_AFTER_MS = 5_000;
const LOG_EVERY_MS = 1_000;
const PREFLIGHT_SECONDS = 86_400;
const RANDOM_BYTES = 12;

const nameOf = ({ tenantId, connectionId }: VisitConnection): string => `${tenantId}:${connectionId}`;

/**
 * Visits and identities from arrival to durability:
 * 1. the connection, by the write key of the body
 * 2. its origins, its quota, and whether Kafka takes anything just now
 * 3. the source reads the body into facts, with a result for each event
 * 4. the facts are sealed and appended; answered after the acknowledgement
 * A request that is refused as a whole is kept with its reason, as far as it names a connection.
 */
export class CollectPipeline {
  private readonly buckets = new TokenBuckets(() => performance.now());
  private readonly taken = new TwoGenerations<true>(REMEMBERED_EVENTS);
  private readonly bots = new BotFilter();
  private loggedAtMs = 0;

  constructor(private readonly ports: CollectPorts) {}

  /** A preflight names no connection: whatever any connection allows. */
  preflight(origin: string | undefined): CollectAnswer {
    if (origin === undefined || !this.ports.connections.allowsOrigin(origin)) return { status: 403, headers: { vary: 'Origin' }, body: '' };
    return {
      status: 204,
      headers: {
        ...crossOrigin(origin),
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': String(PREFLIGHT_SECONDS),
      },
      body: '',
    };
  }

  async receive(request: CollectRequest): Promise<CollectAnswer> {
    try {
      return await this.take(request);
    } catch (error) {
      this.warn(error);
      const refusal = { reason: 'not-durable', detail: explainReason('not-durable'), retryAfterMs: RETRY_AFTER_MS } as const;
      return this.answered(refusal, this.knownOrigin(request));
    }
  }

  private async take(request: CollectRequest): Promise<CollectAnswer> {
    const parsed = this.parsed(request.body);
    const connection = parsed.writeKey === '' ? undefined : await this.ports.connections.find(parsed.writeKey);
    if (connection === undefined) {
      const refusal =
        parsed.kind === 'refused' ? parsed : { reason: 'unknown-write-key' as const, detail: explainReason('unknown-write-key') };
      return this.answered(refusal, this.knownOrigin(request));
    }
    const { origin } = request.headers;
    if (origin !== undefined && !connection.origins.has(origin))
      return this.refused(request, connection, { reason: 'origin-not-allowed', detail: explainReason('origin-not-allowed') }, undefined);
    if (parsed.kind === 'refused') return this.refused(request, connection, parsed, origin);
    const retryAfterMs = this.overQuota(connection, parsed);
    if (retryAfterMs > 0) return this.answered({ reason: 'over-quota', detail: explainReason('over-quota'), retryAfterMs }, origin);
    if (!this.ports.kafka.isReady)
      return this.answered({ reason: 'not-durable', detail: explainReason('not-durable'), retryAfterMs: RETRY_AFTER_MS }, origin);
    const browser = browserRequestOf(request, {
      trustedProxies: [this.ports.trustedProxies, connection.trustedProxies],
      filterBots: connection.filterBots,
      bots: this.bots,
    });
    return request.endpoint === 'collect'
      ? this.collect(request, parsed, connection, browser)
      : this.identify(request, parsed, connection, browser);
  }

  private parsed(body: RequestBody): ParsedRequest | (Refusal & { readonly kind: 'refused'; readonly writeKey: string }) {
    if (body.kind === 'whole') {
      const parsed = parseVisitBody(body.bytes);
      return parsed.kind === 'parsed' ? parsed : { ...parsed, writeKey: writeKeyInText(body.bytes) };
    }
    const reason = body.kind === 'too-large' ? 'body-too-large' : 'body-truncated';
    return { kind: 'refused', reason, detail: `${body.sizeBytes} bytes`, writeKey: writeKeyInText(body.excerpt) };
  }

  private overQuota(connection: VisitConnection, { body }: ParsedRequest): number {
    const perSecond = connection.eventsPerSecond ?? this.ports.eventsPerSecond;
    const events = Array.isArray(body['events']) ? body['events'].length : 1;
    return this.buckets.take(nameOf(connection), events, perSecond, perSecond * QUOTA_SECONDS);
  }

  private async collect(
    request: CollectRequest,
    { body }: ParsedRequest,
    connection: VisitConnection,
    browser: BrowserRequest,
  ): Promise<CollectAnswer> {
    const name = nameOf(connection);
    const reading = visitsSource.readCollect(body, connection, browser, {
      newVisitorId: () => `tto.2.${Math.floor(browser.receivedAt / 1_000)}.${randomBytes(RANDOM_BYTES).toString('base64url')}`,
      isKnown: (eventId) => this.taken.get(`${name}:${eventId}`) === true,
    });
    if (reading.kind === 'refused') return this.refused(request, connection, reading, request.headers.origin);
    const { visits, shown, results, setCookie } = reading;
    const facts: UnsealedFact[] = shown.map((together) => assertion(together, connection, browser));
    if (visits.length > 0) facts.push({ kind: 'visits', tenantId: connection.tenantId, visits });
    const isTaken = await this.append(facts);
    if (!isTaken)
      return this.refused(
        request,
        connection,
        { reason: 'body-too-large', detail: 'a record is larger than the log takes' },
        request.headers.origin,
      );
    if (visits.length > 0) this.ports.sightings.note(connection, 'visit', browser.receivedAt);
    for (const { event } of visits) this.taken.set(`${name}:${event.eventId}`, true);
    for (const { status, code } of results) this.ports.count(code ?? status, 1);
    return this.ok({ results }, setCookie, request.headers.origin);
  }

  private async identify(
    request: CollectRequest,
    { body }: ParsedRequest,
    connection: VisitConnection,
    browser: BrowserRequest,
  ): Promise<CollectAnswer> {
    const reading = visitsSource.readIdentify(body, connection, browser);
    if (reading.kind === 'refused') return this.refused(request, connection, reading, request.headers.origin);
    const { shown, result, setCookie } = reading;
    if (shown !== null) await this.append([assertion(shown, connection, browser)]);
    this.ports.count(result.status === 'ignored' ? result.code : 'identified', 1);
    return this.ok(result, setCookie, request.headers.origin);
  }

  /** False for what the log will never take. */
  private async append(facts: readonly UnsealedFact[]): Promise<boolean> {
    try {
      await Promise.all(facts.map((fact) => this.ports.appender.append(fact)));
      return true;
    } catch (error) {
      if (error instanceof RecordRefused) return false;
      throw error;
    }
  }

  /** A request of a known connection that is not used: kept with its reason, unless that would fill the topic. */
  private async refused(
    request: CollectRequest,
    connection: VisitConnection,
    refusal: Refusal,
    origin: string | undefined,
  ): Promise<CollectAnswer> {
    const perSecond = KEPT_REFUSALS_PER_MINUTE / 60;
    const { body } = request;
    if (this.buckets.take(`kept ${nameOf(connection)}`, 1, perSecond, KEPT_REFUSALS_PER_MINUTE) === 0) {
      const payload = body.kind === 'whole' ? body.bytes : body.excerpt;
      const { tenantId, connectionId } = connection;
      const { receivedAt } = request;
      await this.keep({
        kind: 'rejection',
        envelope: { eventId: uuidv7(), tenantId, connectionId, occurredAt: receivedAt, receivedAt, source: 'browser' },
        reference: null,
        reason: refusal.reason,
        detail: refusal.detail,
        topic: request.endpoint,
        payload,
        sizeBytes: body.kind === 'whole' ? payload.length : body.sizeBytes,
      });
    }
    return this.answered(refusal, origin);
  }

  /** The request is refused whether or not this succeeds. */
  private async keep(rejection: UnsealedFact): Promise<void> {
    await this.ports.appender.append(rejection).catch((error: unknown) => this.warn(error));
  }

  private ok(value: unknown, setCookie: string | null, origin: string | undefined): CollectAnswer {
    return {
      status: 200,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        ...crossOrigin(origin),
        ...(setCookie === null ? {} : { 'set-cookie': setCookie }),
      },
      body: JSON.stringify(value),
    };
  }

  private answered({ reason, detail, retryAfterMs }: Refusal, origin: string | undefined): CollectAnswer {
    this.ports.count(reason, 1);
    const status = STATUS[reason] ?? 400;
    return {
      status,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        ...crossOrigin(origin),
        ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) }),
      },
      body: JSON.stringify({ type: 'about:blank', title: explainReason(reason), status, code: reason, detail }),
    };
  }

  private knownOrigin({ headers: { origin } }: CollectRequest): string | undefined {
    return origin !== undefined && this.ports.connections.allowsOrigin(origin) ? origin : undefined;
  }

  /** An outage fails every request; one line a second says so. */
  private warn(error: unknown): void {
    const nowMs = performance.now();
    if (this.loggedAtMs !== 0 && nowMs - this.loggedAtMs < LOG_EVERY_MS) return;
    this.loggedAtMs = nowMs;
    this.ports.log.warn({ cause: describeError(error) }, 'visits could not be made durable; they are refused with 503');
  }
}

const crossOrigin = (origin: string | undefined): Record<string, string> =>
  origin === undefined
    ? { vary: 'Origin' }
    : {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'retry-after',
        vary: 'Origin',
      };

function assertion(shown: ShownTogether, { tenantId, connectionId, own }: VisitConnection, { receivedAt }: BrowserRequest): UnsealedFact {
  const { occurredAt, ...what } = shown;
  return {
    kind: 'assertion',
    envelope: { eventId: uuidv7(), tenantId, connectionId, occurredAt, receivedAt, source: 'browser' },
    own,
    ...what,
  };
}
