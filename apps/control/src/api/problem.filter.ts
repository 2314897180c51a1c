import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { BrokerUnavailable, RegistryUnavailable } from '@tributary/kafka';
import { DatabaseUnavailable } from '@tributary/postgres';
import { describeError, type Log } from '@tributary/telemetry';
import { VaultError } from '@tributary/vault';
import type { FastifyReply } from 'fastify';
import { ApiProblem, problemDocument } from './api-problem.js';

const isAway = (error: unknown): boolean => error instanceof DatabaseUnavailable || error instanceof BrokerUnavailable || error instanceof RegistryUnavailable;

/** What Nest and Fastify say of a request that never reached a route. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}

function requestProblem(error: unknown): ApiProblem | undefined {
  switch (statusOf(error)) {
    case 404:
      return new ApiProblem(404, 'Not found', 'There is nothing at this address; see /openapi.json.');
    case 413:
      return new ApiProblem(413, 'Too large', 'The body is over 1 MiB.');
    case 415:
      return new ApiProblem(415, 'Unsupported media type', 'Send JSON with content-type application/json.');
    case 400:
      return new ApiProblem(400, 'Wrong request', 'The body is not JSON.');
    default:
      return undefined;
  }
}

/** Every error as a problem document. What nobody expected is logged and told in one sentence that gives nothing away. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const problem = this.problemOf(error);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (problem.status === 503) void reply.header('retry-after', '2');
    void reply.status(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problemDocument(problem)));
  }

  private problemOf(error: unknown): ApiProblem {
    if (error instanceof ApiProblem) return error;
    if (isAway(error)) {
      this.log.warn({ cause: describeError(error) }, 'a request could not be served');
      return new ApiProblem(503, 'Not now', 'The database or Kafka cannot be reached. Ask again in a moment.');
    }
    if (error instanceof VaultError) {
      this.log.error({ cause: error.message }, 'the vault refused');
      return new ApiProblem(500, 'The vault refused', error.message);
    }
    const problem = requestProblem(error);
    if (problem !== undefined) return problem;
    this.log.error({ cause: describeError(error) }, 'a request failed');
    return new ApiProblem(500, 'Internal error', 'Something is wrong with Tributary itself; its log says what.');
  }
}
