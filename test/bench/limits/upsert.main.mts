// The machine's own limit of Postgres on one connection: new rows by `insert … select unnest … on conflict do update`.
// Takes an UpsertLimitJob from BENCH_JOB and prints one line of UpsertLimitReport.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { UpsertLimitJob, UpsertLimitReport } from './jobs.mts';

const TABLE = 'bench_limit_rows';
const NARROW = [
  'tenant_id text',
  'connection_id text',
  'order_id text',
  'partition int',
  'as_of bigint',
  'observed_at bigint',
  'content_hash text',
  'is_vanished boolean',
];
const WIDE = [...NARROW, 'modified_at bigint', 'deletion_reported_at bigint', 'observation bytea'];

function batchOf(firstId: number, rows: number, payload: Buffer | null): unknown[][] {
  const of = (value: (id: number) => unknown): unknown[] => Array.from({ length: rows }, (_, index) => value(firstId + index));
  const hash = '5ca4c145b1c2941f012f07ea4ab2d5bf'.repeat(2);
  const narrow = [
    of(() => 'limit'),
    of(() => 'shop'),
    of(String),
    of((id) => id % 12),
    of((id) => id),
    of((id) => id),
    of(() => hash),
    of(() => false),
  ];
  return payload === null ? narrow : [...narrow, of((id) => id), of(() => null), of(() => payload)];
}

async function upsertAll(client: pg.Client, statement: pg.QueryConfig, job: UpsertLimitJob, payload: Buffer | null): Promise<number> {
  await client.query(`truncate ${TABLE}`);
  const began = performance.now();
  for (let id = 0; id < job.rows; id += job.batchRows) await client.query({ ...statement, values: batchOf(id, job.batchRows, payload) });
  return job.rows / ((performance.now() - began) / 1_000);
}

async function measure(client: pg.Client, job: UpsertLimitJob): Promise<UpsertLimitReport> {
  const columns = job.payloadBytes === 0 ? NARROW : WIDE;
  const payload = job.payloadBytes === 0 ? null : randomBytes(job.payloadBytes);
  const names = columns.map((column) => column.split(' ')[0] ?? '');
  const arrays = columns.map((column, index) => `$${index + 1}::${column.split(' ')[1] ?? ''}[]`);
  const keys = names.slice(0, 3);
  const updates = names.slice(3).map((name) => `${name} = excluded.${name}`);
  await client.query(`drop table if exists ${TABLE}`);
  await client.query(`create table ${TABLE} (${columns.join(', ')}, primary key (${keys.join(', ')})) with (fillfactor = 85)`);
  if (payload !== null) await client.query(`alter table ${TABLE} alter column observation set storage external`);
  const statement = {
    name: 'bench-limit',
    text: `insert into ${TABLE} (${names.join(', ')}) select * from unnest(${arrays.join(', ')}) on conflict (${keys.join(', ')}) do update set ${updates.join(', ')}`,
  };
  const rowsPerSecond: number[] = [];
  for (let round = 0; round < job.rounds; round += 1) rowsPerSecond.push(await upsertAll(client, statement, job, payload));
  await client.query(`drop table ${TABLE}`);
  return { rowsPerSecond };
}

const job = JSON.parse(process.env['BENCH_JOB'] ?? '') as UpsertLimitJob;
const client = new pg.Client({ connectionString: job.databaseUrl });
await client.connect();
try {
  process.stdout.write(`${JSON.stringify(await measure(client, job))}\n`);
} finally {
  await client.end();
}
