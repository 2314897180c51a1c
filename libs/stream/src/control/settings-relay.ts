import { CONFIG_EVENTS_TOPIC } from '@tributary/codecs';
import { partitionOf, type Sql } from '@tributary/domain';
import type { OutgoingRecord } from '@tributary/kafka';
import { describeError, type Log } from '@tributary/telemetry';

interface OutboxRow {
  readonly id: number;
  readonly tenant_id: string;
  readonly connection_id: string;
  readonly value: Buffer;
}

export interface SettingsRelayPorts {
  readonly sql: Sql;
  /** Resolves after the acknowledgement; records of one partition keep their order. */
  readonly append: (records: readonly OutgoingRecord[]) => Promise<void>;
  /** Of the config topic. */
  readonly partitions: number;
  readonly log: Log;
}

const LOOK_EVERY_MS = 1_000;
const MAX_ROWS = 500;

/**
 * Puts committed settings into the config topic: at once after a change, and every second what a dead process or an absent broker
 * left behind. One replica at a time; rows leave the outbox after the acknowledgement, so a version may be told twice, never not.
 */
export class SettingsRelay {
  private looking: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly ports: SettingsRelayPorts) {}

  /** Begins with what is left from before. */
  start(): void {
    const look = async (): Promise<void> => {
      await this.flush().catch((error: unknown) => this.ports.log.warn({ cause: describeError(error) }, 'settings wait in the outbox'));
      if (!this.isStopped) this.looking = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void look();
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.looking);
    await this.flushing.catch(() => undefined);
  }

  /** Tells everything that is committed now; rejects when Kafka or the database is away (it is told later then). */
  flush(): Promise<void> {
    const flush = this.flushing.catch(() => undefined).then(() => this.empty());
    this.flushing = flush;
    return flush;
  }

  private async empty(): Promise<void> {
    while ((await this.moveSome()) === MAX_ROWS);
  }

  private moveSome(): Promise<number> {
    const { sql, append, partitions } = this.ports;
    return sql.transaction(async (tx) => {
      await tx.query('settings-relay-lock', `select pg_advisory_xact_lock(hashtextextended('control-relay', 0))`);
      const rows = await tx.query<OutboxRow>(
        'settings-relay-read',
        `select id, tenant_id, connection_id, value from control_ops.outbox order by id limit ${MAX_ROWS}`,
      );
      if (rows.length === 0) return 0;
      await append(
        rows.map(({ tenant_id, connection_id, value }) => {
          const key = `${tenant_id}:${connection_id}`;
          return { topic: CONFIG_EVENTS_TOPIC, key, partition: partitionOf(key, partitions), value, headers: {} };
        }),
      );
      await tx.query('settings-relay-delete', 'delete from control_ops.outbox where id = any($1::bigint[])', [rows.map(({ id }) => id)]);
      return rows.length;
    });
  }
}
