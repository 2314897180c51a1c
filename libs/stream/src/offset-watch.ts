import type { OffsetKey, Sql } from '@tributary/domain';
import { plainIdentifier } from '@tributary/postgres';

/** The database is an older one than this process has worked with: what it knows, sent and cached is of another time. */
export class OffsetWentBack extends Error {
  override readonly name = 'OffsetWentBack';
}

export interface OffsetWatchOptions {
  /** Schemas of this app with a table `offsets`. */
  readonly schemas: readonly string[];
  /** Schema of its table `rebuilds`: a rebuild may set offsets back. */
  readonly ops: string;
  /** Called once, before anything else happens: the process must end, so that it starts behind the start barrier. */
  readonly onWentBack: (error: OffsetWentBack) => void;
}

interface Row extends OffsetKey {
  readonly offset: number;
  readonly rebuilds: number;
}

const nameOf = ({ schema, projection, topic, partition }: OffsetKey): string => `${schema}.${projection} ${topic}[${partition}]`;

/**
 * Notices that Postgres was set back to an older state (a restored backup, a standby that lagged) under the running process:
 * a stored offset, of whichever replica's partition, is lower than this process has seen or committed, and no rebuild says why.
 */
export class OffsetWatch {
  private readonly seen = new Map<string, number>();
  private rebuilds = 0;
  /** Looks happen one after the other, or an older answer would be compared with what a newer one said. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly sql: Sql,
    private readonly options: OffsetWatchOptions,
  ) {}

  /** This process has moved an offset. */
  committed(key: OffsetKey, offset: number): void {
    const name = nameOf(key);
    this.seen.set(name, Math.max(this.seen.get(name) ?? 0, offset));
  }

  /** Compares what is stored with what was seen before; throws {@link OffsetWentBack} when it went back. */
  look(): Promise<void> {
    const looking = this.last.then(() => this.compare());
    this.last = looking.catch(() => undefined);
    return looking;
  }

  private async compare(): Promise<void> {
    // What is committed while the question is under way may be missing in its answer.
    const before = new Map(this.seen);
    const { ops, schemas } = this.options;
    const offsets = schemas.map(
      (schema) =>
        `select '${plainIdentifier(schema)}' as schema, projection, topic, partition, next_offset as "offset" from ${schema}.offsets`,
    );
    const rows = await this.sql.query<Row>(
      `offset-watch-${ops}`,
      `select o.*, r.rebuilds from (select coalesce(max(id), 0)::int as rebuilds from ${plainIdentifier(ops)}.rebuilds) r
         left join (${offsets.join(' union all ')}) o on true`,
    );
    const rebuilds = rows[0]?.rebuilds ?? 0;
    const stored = new Map(rows.flatMap((row) => (row.schema === null ? [] : [[nameOf(row), row.offset] as const])));
    if (rebuilds > this.rebuilds) this.seen.clear();
    else this.refuse(before, stored, rebuilds);
    this.rebuilds = rebuilds;
    for (const [name, offset] of stored) this.seen.set(name, Math.max(this.seen.get(name) ?? 0, offset));
  }

  private refuse(before: ReadonlyMap<string, number>, stored: ReadonlyMap<string, number>, rebuilds: number): void {
    const lower = [...before].find(([name, offset]) => (stored.get(name) ?? 0) < offset);
    if (lower === undefined && rebuilds === this.rebuilds) return;
    const [name, offset] = lower ?? ['', 0];
    const found =
      lower === undefined ? 'an earlier rebuild than the last one known' : `${name} at ${stored.get(name) ?? 0} after ${offset}`;
    const error = new OffsetWentBack(
      `the database was set back to an older state while this process ran (${found}): the process ends and starts anew behind its start barrier (docs/architecture.md, «A database that went back»)`,
    );
    this.options.onWentBack(error);
    throw error;
  }
}
