/** One column of a bulk statement: its name, its Postgres type, and where a row's value comes from. */
export interface Column<Row> {
  readonly name: string;
  readonly type: string;
  readonly of: (row: Row) => unknown;
}

/** `unnest($6::text[], …) as n(a, b)` and friends: one array per column, the fastest way to write many rows on one connection. */
export class BulkRows<Row> {
  readonly names: string;

  constructor(private readonly columns: readonly Column<Row>[]) {
    this.names = columns.map((column) => column.name).join(', ');
  }

  get width(): number {
    return this.columns.length;
  }

  /** `alias` names the rows in the statement; the arrays are bound from `$first` on. */
  unnest(first: number, alias: string): string {
    const arrays = this.columns.map((column, index) => `$${first + index}::${column.type}[]`);
    return `unnest(${arrays.join(', ')}) as ${alias}(${this.names})`;
  }

  /** `a = source.a, b = source.b` without the named key columns. */
  assignments(source: string, keys: readonly string[]): string {
    return this.columns
      .filter((column) => !keys.includes(column.name))
      .map((column) => `${column.name} = ${source}.${column.name}`)
      .join(', ');
  }

  values(rows: readonly Row[]): unknown[][] {
    return this.columns.map((column) => rows.map((row) => column.of(row)));
  }
}
