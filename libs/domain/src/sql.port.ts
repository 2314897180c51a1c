/** One Postgres connection pool or one open transaction of it. `libs/postgres` is the adapter. */
export interface Sql {
  /** Runs one statement, prepared under `name` (unique per text). Values: see pg's type mapping; arrays become Postgres arrays. */
  query<Row extends object>(name: string, text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs `work` in one transaction; rolls back when it throws. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
}
