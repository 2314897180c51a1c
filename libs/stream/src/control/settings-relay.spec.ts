import { partitionOf, type Sql } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import { createLog } from '@tributary/telemetry';
import { SettingsRelay } from './settings-relay.js';

/** The outbox alone; a transaction that fails leaves it as it was. */
class OutboxSql implements Sql {
  rows = [1, 2, 3].map((id) => ({ id, tenant_id: 'acme', connection_id: id === 2 ? 'ads' : 'shop', value: Buffer.from([id]) }));

  query<Row extends object>(name: string, _text: string, values: readonly unknown[] = []): Promise<Row[]> {
    if (name === 'settings-relay-read') return Promise.resolve(this.rows as unknown as Row[]);
    if (name === 'settings-relay-delete') this.rows = this.rows.filter(({ id }) => !(values[0] as number[]).includes(id));
    return Promise.resolve([]);
  }

  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return work(this);
  }
}

const relayOn = (sql: Sql, append: (records: readonly OutgoingRecord[]) => Promise<void>): SettingsRelay =>
  new SettingsRelay({ sql, append, partitions: 12, log: createLog('test', 'silent') });

describe('committed settings', () => {
  it('go to the partition of their connection, in their order, and leave the outbox', async () => {
    const sql = new OutboxSql();
    const told: OutgoingRecord[] = [];
    await relayOn(sql, (records) => Promise.resolve(void told.push(...records))).flush();
    expect(told.map(({ topic, key, partition, value }) => [topic, key, partition, value[0]])).toEqual([
      ['control.config-events.v1', 'acme:shop', partitionOf('acme:shop', 12), 1],
      ['control.config-events.v1', 'acme:ads', partitionOf('acme:ads', 12), 2],
      ['control.config-events.v1', 'acme:shop', partitionOf('acme:shop', 12), 3],
    ]);
    expect(sql.rows).toEqual([]);
  });

  it('stay while the broker is away and go with the next attempt', async () => {
    const sql = new OutboxSql();
    let isAway = true;
    let told = 0;
    const relay = relayOn(sql, (records) => {
      if (isAway) return Promise.reject(new Error('away'));
      told += records.length;
      return Promise.resolve();
    });
    await expect(relay.flush()).rejects.toThrow('away');
    expect(sql.rows).toHaveLength(3);
    isAway = false;
    await Promise.all([relay.flush(), relay.flush()]);
    expect({ told, left: sql.rows.length }).toEqual({ told: 3, left: 0 });
  });

  it('are told without being asked once it was started', async () => {
    const sql = new OutboxSql();
    const told = new Promise<number>((resolve) => {
      const relay = relayOn(sql, (records) => {
        resolve(records.length);
        void relay.stop();
        return Promise.resolve();
      });
      relay.start();
    });
    expect(await told).toBe(3);
  });
});
