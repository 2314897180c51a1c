import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchInstallation } from '../bench-installation.mts';
import type { BenchContext } from '../bench-context.mts';

const SECTION = 'Bytes per order, log and Postgres';
const DELIVERIES = 'tiktok.delivery-events.v1';

/** Bytes of a topic's segments; NaN where the broker's files are not ours to see. */
function logBytes(runFolder: string | undefined, topic: string): number {
  if (runFolder === undefined) return Number.NaN;
  const logs = join(runFolder, 'kafka');
  try {
    return readdirSync(logs)
      .filter((folder) => folder.startsWith(`${topic}-`) && /^\d+$/.test(folder.slice(topic.length + 1)))
      .flatMap((folder) => readdirSync(join(logs, folder)).map((file) => join(logs, folder, file)))
      .filter((file) => file.endsWith('.log'))
      .reduce((sum, file) => sum + statSync(file).size, 0);
  } catch {
    return Number.NaN;
  }
}

/** After orders that each came once and were delivered: what one of them takes. */
export async function measureStorage(installation: BenchInstallation, { book, onProgress }: BenchContext): Promise<void> {
  onProgress('Bytes per order');
  const [row] = await installation.rows<{ orders: number }>('select count(*)::int as orders from tiktok.orders');
  const orders = row?.orders ?? Number.NaN;
  const add = (id: string, what: string, bytes: number): void =>
    book.add({ id: `storage.${id}`, section: SECTION, what, unit: 'B', samples: [bytes / orders] });
  const { runFolder } = installation.servers.infrastructure;
  for (const topic of ['commerce.order-events.v1', 'commerce.order-raw.v1', DELIVERIES]) {
    add(`log.${topic}`, `log: ${topic}${topic === DELIVERIES ? ' (planned, attempted, delivered)' : ''}`, logBytes(runFolder, topic));
  }
  for (const table of ['tiktok.orders', 'tiktok.ledger_entries', 'orders.heads', 'vault.subjects']) {
    await installation.sql.query(`vacuum analyze ${table}`);
    const [size] = await installation.rows<{ bytes: string }>('select pg_total_relation_size($1::regclass) as bytes', [table]);
    add(
      `postgres.${table}`,
      `Postgres: ${table} with indexes${table === 'vault.subjects' ? ' (half of the orders by new people)' : ''}`,
      Number(size?.bytes),
    );
  }
}
