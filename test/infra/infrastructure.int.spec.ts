import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { startInfrastructure } from '../../tools/bootstrap/infrastructure.mts';
import type { Infrastructure } from '../../tools/bootstrap/infrastructure.port.mts';
import { isAlive, type ProcessIdentity } from '../../tools/bootstrap/process-identity.mts';

const home = process.env['TRIBUTARY_HOME'] || '.tributary';
// A start of our own in any case: the faults below are not for servers that other suites use.
const { KAFKA_BROKERS: _k, SCHEMA_REGISTRY_URL: _r, DATABASE_URL: _d, ...env } = process.env;
if (env['TEST_BACKEND'] === 'external') delete env['TEST_BACKEND'];

let infrastructure: Infrastructure;

beforeAll(async () => {
  infrastructure = await startInfrastructure({ home, persistent: false, env, onProgress: () => undefined });
}, 300_000);

afterAll(() => infrastructure?.stop(), 30_000);

const kafka = () => new Kafka({ brokers: infrastructure.addresses.kafkaBrokers.split(','), logLevel: logLevel.NOTHING });

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client(infrastructure.addresses.databaseUrl);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function send(topic: string, value: string): Promise<void> {
  const producer = kafka().producer();
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ value }] });
  await producer.disconnect();
}

async function readAll(topic: string, count: number): Promise<string[]> {
  const consumer = kafka().consumer({ groupId: randomUUID(), maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.push(String(message.value));
          if (values.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

it('gives a broker, a registry and a database that work, and keeps their data and ports through kill -9', async () => {
  const topic = `infrastructure-${randomUUID()}`;
  const admin = kafka().admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  await send(topic, 'before');
  expect(await readAll(topic, 1)).toEqual(['before']);

  const registry = new SchemaRegistry({ host: infrastructure.addresses.schemaRegistryUrl });
  const schema = JSON.stringify({ type: 'record', name: 'Probe', namespace: 'tributary.test', fields: [{ name: 'id', type: 'string' }] });
  const { id } = await registry.register({ type: SchemaType.AVRO, schema }, { subject: topic });

  expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
  await query('create table probes (id text)');
  await query(`insert into probes values ('kept')`);

  await Promise.all([infrastructure.kafka.kill(), infrastructure.postgres.kill()]);
  await expect(query('select 1')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|terminated/);
  await Promise.all([infrastructure.kafka.start(), infrastructure.postgres.start()]);

  expect(await query('select id from probes')).toEqual([{ id: 'kept' }]);
  await send(topic, 'after');
  expect(await readAll(topic, 2)).toEqual(['before', 'after']);
  expect(await registry.getLatestSchemaId(topic)).toBe(id);
}, 120_000);

it('stops within 10 s and leaves neither a process nor its folder', async () => {
  const folder = infrastructure.runFolder ?? '';
  const { children } = JSON.parse(readFileSync(join(folder, 'pids.json'), 'utf8')) as { children: ProcessIdentity[] };
  expect(children.filter(isAlive)).toHaveLength(infrastructure.backend === 'processes' ? 3 : 0);

  const startedAtMs = Date.now();
  await infrastructure.stop();

  expect(Date.now() - startedAtMs).toBeLessThan(10_000);
  expect(children.filter(isAlive)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
}, 30_000);
