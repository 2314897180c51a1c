import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readBody } from './request-body.js';

export interface ServerLimits {
  /** Open at once; one more is answered 503 and closed. */
  readonly maxConnections: number;
  /** From its first byte to its last a request may take this long; then 408. */
  readonly requestTimeoutMs: number;
  readonly onRefusedConnection: () => void;
}

/** Of the time for a whole request its headers may take this share. */
const HEADERS_SHARE = 0.5;
const LATE_REQUESTS_EVERY_MS = 1_000;
/**
 * Connections the kernel holds until we accept them (it caps this at `net.core.somaxconn`). With Node's 511 a burst overflows it:
 * such a client may believe for ever that it is connected, because the kernel has forgotten it (SYN cookies).
 */
export const ACCEPT_BACKLOG = 4_096;
/** How long a refused client may take to read why. */
const REFUSAL_READ_WITHIN_MS = 1_000;
const REFUSAL = [
  'HTTP/1.1 503 Service Unavailable',
  'Content-Type: application/problem+json',
  'Retry-After: 5',
  'Connection: close',
  'Content-Length: 68',
  '',
  '{"type":"about:blank","title":"Too many connections","status":503}\r\n',
].join('\r\n');

/** The server of `ingest`, which faces the internet: bounded in connections, time and bytes. */
export function httpAdapter({ maxConnections, requestTimeoutMs, onRefusedConnection }: ServerLimits): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: Number.MAX_SAFE_INTEGER,
    forceCloseConnections: 'idle',
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: requestTimeoutMs * HEADERS_SHARE, connectionsCheckingInterval: LATE_REQUESTS_EVERY_MS },
  });
  const server: FastifyInstance = adapter.getInstance();
  takeBodiesAsTheyCome(server);
  limitConnections(server.server, maxConnections, onRefusedConnection);
  return adapter;
}

/** Webhooks are signed over their raw bytes and lie about their type. */
function takeBodiesAsTheyCome(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  // Without a readable type a body would be refused unseen, or passed over where it is empty; a type of ours brings all of them here.
  server.addHook('onRequest', (request, _reply, done) => {
    request.raw.headers['content-type'] = 'application/octet-stream';
    done();
  });
  server.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
    readBody(payload, (request.routeOptions.config as { readonly maxBodyBytes?: number }).maxBodyBytes),
  );
}

/**
 * Node's own limit drops a connection without a word. Here one too many first costs the idle ones their place, and is told to
 * come again; only at twice the limit does Node drop it.
 */
function limitConnections(server: Server, maxConnections: number, onRefused: () => void): void {
  const serve = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.maxConnections = maxConnections * 2;
  let served = 0;
  server.on('connection', (socket: Socket) => {
    if (served < maxConnections) {
      served += 1;
      socket.once('close', () => (served -= 1));
      for (const listener of serve) listener.call(server, socket);
      return;
    }
    onRefused();
    server.closeIdleConnections();
    refuse(socket);
  });
}

function refuse(socket: Socket): void {
  // Whatever it does now, it is on its way out.
  socket.on('error', () => socket.destroy());
  socket.setTimeout(REFUSAL_READ_WITHIN_MS, () => socket.destroy());
  // Unread bytes would make the kernel reset the connection before the answer is read.
  socket.resume();
  socket.end(REFUSAL);
}
