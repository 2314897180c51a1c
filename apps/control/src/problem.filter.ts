import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BrokerUnavailable, RegistryUnavailable } from '@tributary/kafka';
import { DatabaseUnavailable } from '@tributary/postgres';
import { LogTooLong } from '@tributary/stream';
import { describeError, type Log } from '@tributary/telemetry';
import { HttpProblem, type ProblemItem } from './problem.js';

export interface ProblemBody {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly problems?: readonly ProblemItem[];
  /** Of `/livez`, `/startupz` and `/readyz`. */
  readonly reasons?: readonly string[];
}

type Said = Omit<ProblemBody, 'type'>;

/** In our own words: the parser's own may quote the body, and bodies hold secrets. */
const REFUSED_BY_PARSER: Readonly<Record<number, Said>> = {
  400: { status: 400, title: 'Not readable', detail: 'The request is not well-formed: a body must be JSON and must not be empty.' },
  413: { status: 413, title: 'Too large', detail: 'A body may have 2 MiB.' },
  415: { status: 415, title: 'Not JSON', detail: 'Send the body as application/json.' },
};

const WITHOUT_LOG = 'An order and its explanation can be had without the log: ?observations=false.';

/** What to tell somebody who may ask again later; undefined for any other error. */
function whyNotNow(error: unknown): string | undefined {
  if (error instanceof DatabaseUnavailable)
    return 'The database does not answer. Ask again in a moment; if that does not help, look whether Postgres runs and control may reach it.';
  if (error instanceof BrokerUnavailable)
    return `Kafka does not answer, so the log cannot be read. Ask again in a moment, or look whether the brokers run. ${WITHOUT_LOG}`;
  if (error instanceof RegistryUnavailable)
    return `The schema registry does not answer, so the log cannot be read. Ask again in a moment, or look whether it runs. ${WITHOUT_LOG}`;
  if (error instanceof LogTooLong)
    return `The log is too long to be read to its end while you wait, or Kafka is busy. Ask again later. ${WITHOUT_LOG}`;
  return undefined;
}

function ofHttpException(error: HttpException): Said {
  const status = error.getStatus();
  if (error instanceof HttpProblem) {
    const { title, detail, problems } = error;
    return { status, title, detail, ...(problems.length > 0 ? { problems } : {}) };
  }
  const answer = error.getResponse();
  const reasons = typeof answer === 'object' ? (answer as { readonly reasons?: unknown }).reasons : undefined;
  if (Array.isArray(reasons)) return { status, title: 'Not now', reasons: reasons as readonly string[] };
  if (status === 404) return { status, title: 'Not found', detail: 'There is nothing at this address; /openapi.json lists what there is.' };
  return REFUSED_BY_PARSER[status] ?? { status, title: status >= 500 ? 'Not now' : 'Refused' };
}

/** Every answer that is not a success, as `application/problem+json`; never with a cause's own words. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const said = this.said(error, http.getRequest<FastifyRequest>());
    writeProblem(http.getResponse<FastifyReply>(), said);
  }

  private said(error: unknown, request: FastifyRequest): Said {
    if (error instanceof HttpException) return ofHttpException(error);
    const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500) return REFUSED_BY_PARSER[status] ?? { status, title: 'Refused' };
    const route = request.routeOptions?.url ?? '';
    const detail = whyNotNow(error);
    if (detail !== undefined) {
      this.log.warn({ route, cause: describeError(error) }, 'cannot answer now');
      return { status: 503, title: 'Not now', detail };
    }
    this.log.error({ route, cause: describeError(error) }, 'a request failed');
    return { status: 500, title: 'Our mistake', detail: 'The request failed for a reason that stands in the log of control.' };
  }
}

/** Writes a problem as RFC 9457 wants it. @see https://www.rfc-editor.org/rfc/rfc9457 (read 2026-11-21) */
export function writeProblem(reply: FastifyReply, said: Said): void {
  const body: ProblemBody = { type: 'about:blank', ...said };
  if (said.status === 503) void reply.header('retry-after', '2');
  if (said.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply
    .status(said.status)
    .header('content-type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(body)));
}
