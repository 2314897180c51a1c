import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
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
/** How long a client that is sent away may take to read why. */
const LAST_WORD_READ_WITHIN_MS = 1_000;

/** The server of `ingest`, which faces the internet: bounded in connections, time and bytes. */
export function httpAdapter({ maxConnections, requestTimeoutMs, onRefusedConnection }: ServerLimits): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: Number.MAX_SAFE_INTEGER,
    forceCloseConnections: 'idle',
    requestTimeout: requestTimeoutMs,
    clientErrorHandler: endUnreadable,
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
  server.addHook('onResponse', (request, _reply, done) => {
    if (!request.raw.complete) endUnread(request.raw);
    done();
  });
}

/** A body that was answered before its end: a client who still sends reads why first, and loses its connection if it goes on. */
function endUnread(request: IncomingMessage): void {
  const { socket } = request;
  const leaving = setTimeout(() => socket.destroy(), LAST_WORD_READ_WITHIN_MS);
  for (const end of ['end', 'close']) request.once(end, () => clearTimeout(leaving));
  request.resume();
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
    sendAway(socket, 503, ['Retry-After: 5']);
  });
}

/** A request that is none, or comes too slowly. */
function endUnreadable({ code }: { readonly code: string }, socket: Socket): void {
  // Reset by the other side, or told already and still sending.
  if (socket.destroyed || socket.writableEnded) return;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') sendAway(socket, 408);
  else if (code === 'HPE_HEADER_OVERFLOW') sendAway(socket, 431);
  else sendAway(socket, 400);
}

/** Tells a client why its connection ends. What it still sends is read and dropped: closed at once, the kernel would reset the connection, and with it the answer. */
function sendAway(socket: Socket, status: number, headers: readonly string[] = []): void {
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    ...headers,
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  // Whatever it does now, it is on its way out.
  socket.on('error', () => socket.destroy());
  const leaving = setTimeout(() => socket.destroy(), LAST_WORD_READ_WITHIN_MS);
  socket.once('close', () => clearTimeout(leaving));
  socket.resume();
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
