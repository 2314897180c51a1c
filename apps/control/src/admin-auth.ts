import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Secret } from '@tributary/config';
import { writeProblem } from './problem.filter.js';

/** What anybody may ask: health, metrics, and how to ask for the rest; and what asks for keys of its own. */
const OPEN_ROUTES: ReadonlySet<string> = new Set([
  '/livez',
  '/startupz',
  '/readyz',
  '/metrics',
  '/openapi.json',
  '/instances',
  '/instances/:id',
]);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether an `Authorization` header carries the token; takes equally long for every wrong one. */
const hasToken = (header: string | undefined, token: Secret): boolean => {
  const given = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token.reveal()));
};

/** Asks for the admin token on every route that is not open, by the route that was matched and not by the address as written. */
export function requireAdminToken(fastify: FastifyInstance, token: Secret): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (OPEN_ROUTES.has(request.routeOptions.url ?? '') || hasToken(request.headers.authorization, token)) {
      done();
      return;
    }
    writeProblem(reply, {
      status: 401,
      title: 'Who is asking?',
      detail: 'Send «Authorization: Bearer <admin token>»: TRIBUTARY_ADMIN_TOKEN, or admin.token in TRIBUTARY_HOME.',
    });
  });
}
