import { addressHash, type Sql } from '@tributary/domain';
import { loadConnections, settingsPosition, type ConnectionRow } from '@tributary/postgres';

const MISS_MAX = 10_000;

/** What leads arrivals to connections besides the settings. */
export interface MoreAddresses<More> {
  /** Another text whenever there is something else to load. */
  readonly position: () => Promise<string>;
  readonly load: () => Promise<readonly More[]>;
}

/** Connections by the secret by which arrivals find them (webhook token, write key), read again whenever what they come from changes. */
export class AddressDirectory<Connection, More = never> {
  private connections: ReadonlyMap<string, Connection> = new Map();
  private misses = new Map<string, string>();
  private position = '';
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly schema: string,
    /** Connections by the hash of their secret. */
    private readonly read: (rows: readonly ConnectionRow[], more: readonly More[]) => ReadonlyMap<string, Connection>,
    private readonly more: MoreAddresses<More> | null = null,
  ) {}

  /** Reads the tables again if they changed. */
  refresh(): Promise<void> {
    this.refreshing ??= this.load().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /**
   * An unknown secret may belong to a connection that was just made, so the tables are looked at again: once per secret and
   * position, so that guessing secrets costs the database nothing.
   */
  async find(secret: string): Promise<Connection | undefined> {
    const hash = addressHash(secret);
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
    const position = `${await settingsPosition(this.sql, this.schema)} ${(await this.more?.position()) ?? ''}`;
    if (position === this.position) return;
    const [rows, more] = await Promise.all([loadConnections(this.sql, this.schema), this.more?.load() ?? []]);
    this.connections = this.read(
      rows.filter(({ state }) => state !== 'disabled'),
      more,
    );
    this.position = position;
  }
}
