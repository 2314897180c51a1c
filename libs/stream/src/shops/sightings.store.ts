import type { Sql } from '@tributary/domain';
import type { Sighting } from '@tributary/sources';
import type { ShopId } from './known-heads.store.js';

interface Seen extends ShopId {
  readonly kind: Sighting;
  readonly at: number;
}

const SAVE_EVERY_MS = 5_000;

/** When things were last seen of connections: noted in memory, saved every few seconds, so that noting costs nothing where events are many. */
export class Sightings {
  private seen = new Map<string, Seen>();
  private saving: NodeJS.Timeout | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  start(): void {
    this.saving = setInterval(() => void this.save().catch(this.onFailure), SAVE_EVERY_MS);
  }

  /** Saves what was noted last. */
  async stop(): Promise<void> {
    clearInterval(this.saving);
    await this.save().catch(this.onFailure);
  }

  /** `at`: epoch ms; of several the latest counts. */
  note({ tenantId, connectionId }: ShopId, kind: Sighting, at: number): void {
    const key = `${tenantId}:${connectionId}:${kind}`;
    const known = this.seen.get(key);
    if (known === undefined || known.at < at) this.seen.set(key, { tenantId, connectionId, kind, at });
  }

  /** What could not be saved is forgotten: it is seen again, or does not matter. */
  async save(): Promise<void> {
    if (this.seen.size === 0) return;
    const rows = [...this.seen].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, seen]) => seen);
    this.seen = new Map();
    await this.sql.query(
      'sightings-save',
      `insert into ingest_ops.sightings as s (tenant_id, connection_id, kind, last_at)
       select n.tenant_id, n.connection_id, n.kind, to_timestamp(n.at / 1000.0)
         from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as n(tenant_id, connection_id, kind, at)
       on conflict (tenant_id, connection_id, kind) do update set last_at = excluded.last_at where s.last_at < excluded.last_at`,
      [rows.map((row) => row.tenantId), rows.map((row) => row.connectionId), rows.map((row) => row.kind), rows.map((row) => row.at)],
    );
  }
}
