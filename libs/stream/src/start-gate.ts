import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { SchemaBook } from '@tributary/codecs';
import {
  BrokerUnavailable,
  NotRegistered,
  RegistryUnavailable,
  TopicRefused,
  withTopicAdmin,
  type KafkaClient,
  type Registry,
} from '@tributary/kafka';
import { DatabaseUnavailable, MigrationsMissing, requireMigrations, type PostgresPool } from '@tributary/postgres';
import { describeError, type Log } from '@tributary/telemetry';
import { loadSchemaBook } from './schema-lookup.js';

/** What an app cannot start without. */
export interface StartRequirements {
  readonly sql: PostgresPool;
  readonly kafka: KafkaClient;
  readonly registry: Registry;
  readonly topics: readonly string[];
}

export interface Requirements {
  readonly book: SchemaBook;
  /** Partitions of each required topic. */
  readonly partitions: ReadonlyMap<string, number>;
}

export interface StartGateOptions {
  /** The app's own address: it says there what it waits for. */
  readonly port: number;
  readonly host: string;
  readonly log: Log;
}

const LOOK_EVERY_MS = 1_000;
/** Somebody may deploy, or the server may come back: worth waiting for. Anything else is a fault of ours. */
const CURABLE = [MigrationsMissing, DatabaseUnavailable, NotRegistered, RegistryUnavailable, TopicRefused, BrokerUnavailable];

/**
 * Resolves when this build's migrations, schemas and topics are there. Until then the app answers on its own address: `/livez`
 * 200, `/startupz` and everything else 503 with the reason, so that a deploy that migrates late is no crash loop.
 */
export async function passStartGate(requirements: StartRequirements, { port, host, log }: StartGateOptions): Promise<Requirements> {
  const waiting = { reason: '' };
  let server: Server | undefined;
  try {
    for (;;) {
      try {
        return await allOf(requirements);
      } catch (error) {
        if (!CURABLE.some((kind) => error instanceof kind)) throw error;
        const reason = describeError(error);
        if (reason !== waiting.reason) log.warn({ reason }, 'the start waits');
        waiting.reason = reason;
      }
      server ??= await listen(waiting, port, host);
      await pause(LOOK_EVERY_MS);
    }
  } finally {
    if (server !== undefined) await close(server);
  }
}

async function allOf({ sql, kafka, registry, topics }: StartRequirements): Promise<Requirements> {
  await requireMigrations(sql);
  const book = await loadSchemaBook(registry);
  const partitions = await withTopicAdmin(kafka, (admin) => admin.requiredPartitionCounts(topics));
  return { book, partitions };
}

function answer(response: ServerResponse, path: string, reason: string): void {
  const isAlive = path === '/livez';
  const headers = isAlive ? {} : { 'retry-after': '5', connection: 'close' };
  response
    .writeHead(isAlive ? 200 : 503, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify(isAlive ? { status: 'ok' } : { status: 'no', reasons: [reason] }));
}

function listen(waiting: { readonly reason: string }, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      request.resume();
      answer(response, (request.url ?? '').split('?', 1)[0] ?? '', waiting.reason);
    });
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
