import { createHash } from 'node:crypto';
import type { Sql } from '@tributary/domain';
import { loadConnections, settingsPosition, type ConnectionRow } from '@tributary/postgres';

/** How the secret of an address is known: it is kept nowhere in clear but in the vault. */
export const addressHashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const MISS_MAX = 10_000;

/** Connections by the secret by which arrivals find them (webhook token, write key), read again whenever the settings change. */
export class AddressDirectory<Connection> {
  private connections: ReadonlyMap<string, Connection> = new Map();
  private misses = new Map<string, number>();
  private position = -1;
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly schema: string,
    /** Connections by the hash of their secret. */
    private readonly read: (rows: readonly ConnectionRow[]) => ReadonlyMap<string, Connection>,
  ) {}

  /** Reads the table again if it changed. */
  refresh(): Promise<void> {
    this.refreshing ??= this.load().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /**
   * An unknown secret may belong to a connection that was just made, so the table is looked at again: once per secret and
   * position of the config log, so that guessing secrets costs the database nothing.
   */
  async find(secret: string): Promise<Connection | undefined> {
    const hash = addressHashOf(secret);
    const known = this.connections.get(hash);
    if (known !== undefined || this.misses.get(hash) === this.position) return known;
    await this.refresh();
    const found = this.connections.get(hash);
    if (found === undefined) {
      if (this.misses.size >= MISS_MAX) this.misses.clear();
      this.misses.set(hash, this.position);
    }
    return found;
  }

  private async load(): Promise<void> {
    const position = await settingsPosition(this.sql, this.schema);
    if (position === this.position) return;
    const rows = await loadConnections(this.sql, this.schema);
    this.connections = this.read(rows.filter(({ state }) => state !== 'disabled'));
    this.position = position;
  }
}
