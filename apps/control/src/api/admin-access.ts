import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '@tributary/config';
import type { FastifyInstance } from 'fastify';
import { ApiProblem, problemDocument } from './api-problem.js';

const PROTECTED = '/v1/';
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a header is `Bearer <token>`; takes the same time whatever it holds. */
export const isAdmitted = (authorization: string | undefined, token: Secret): boolean => {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token.reveal()));
};

/** Lets nobody past who does not show the admin token, before a body is read: everything below /v1/. */
export function guardApi(server: Pick<FastifyInstance, 'addHook'>, token: Secret): void {
  server.addHook('onRequest', async (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    if (!decodeURI(safe(path)).startsWith(PROTECTED) || isAdmitted(request.headers.authorization, token)) return;
    const problem = new ApiProblem(401, 'Not admitted', 'Send «Authorization: Bearer <admin token>».');
    await reply.status(401).header('www-authenticate', 'Bearer').header('content-type', 'application/problem+json').send(JSON.stringify(problemDocument(problem)));
  });
}

/** What cannot be decoded matches no route either. */
const safe = (path: string): string => {
  try {
    decodeURI(path);
    return path;
  } catch {
    return PROTECTED;
  }
};
