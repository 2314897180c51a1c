import { nodesOf, type IdentityChanges, type ProfileHead, type SealedIdentifier, type TenantId, type VisitorHead } from '@tributary/domain';
import { BulkRows, casPrefix, type Column } from '@tributary/postgres';
import { outboxInsert, OUTBOX_ROWS } from './outbox-rows.js';

/** What a batch did to one tenant. */
export interface TenantChanges {
  readonly tenantId: TenantId;
  readonly changes: IdentityChanges;
}

interface Keyed {
  readonly tenantId: TenantId;
  readonly key: string;
}

interface Written extends Keyed {
  readonly content: string;
}

const text = <Row>(name: string, of: (row: Row) => unknown): Column<Row> => ({ name, type: 'text', of });
const bigint = <Row>(name: string, of: (row: Row) => unknown): Column<Row> => ({ name, type: 'bigint', of });
const content = <Row extends { readonly content: string }>(): Column<Row> => ({ name: 'content', type: 'jsonb', of: (row) => row.content });
const tenant = <Row extends { readonly tenantId: TenantId }>(): Column<Row> => text('tenant_id', ({ tenantId }) => tenantId);

type Outcome = Written & { readonly seq: number };

const TENANTS = new BulkRows<TenantChanges>([
  tenant(),
  bigint('clock_ms', ({ changes }) => changes.clock.clockMs),
  bigint('next_seq', ({ changes }) => changes.clock.nextSeq),
  bigint('change_no', ({ changes }) => changes.clock.changeNo),
]);
const keyed = (key: string): BulkRows<Written> => new BulkRows<Written>([tenant(), text(key, (row) => row.key), content()]);
const SUBJECTS = keyed('subject_id');
const ORDERS = keyed('order_key');
const PROFILES = keyed('profile_id');
const ALIASES = new BulkRows<Keyed & { readonly target: string | null }>([
  tenant(),
  text('profile_id', ({ key }) => key),
  text('target', ({ target }) => target),
]);
const ASSERTIONS = new BulkRows<Outcome>([tenant(), bigint('seq', ({ seq }) => seq), text('content_key', ({ key }) => key), content()]);
const NODES = new BulkRows<Keyed & { readonly seq: number }>([tenant(), text('node', ({ key }) => key), bigint('seq', ({ seq }) => seq)]);
const MERGES = new BulkRows<Outcome & { readonly doneSeq: number }>([
  tenant(),
  bigint('seq', ({ seq }) => seq),
  bigint('done_seq', ({ doneSeq }) => doneSeq),
  text('winner', ({ key }) => key),
  content(),
]);
const CONFLICTS = new BulkRows<Outcome & { readonly kept: string }>([
  tenant(),
  bigint('seq', ({ seq }) => seq),
  text('kept', ({ kept }) => kept),
  text('dropped', ({ key }) => key),
  content(),
]);
const head = (key: string): BulkRows<Written & { readonly version: number }> =>
  new BulkRows([tenant(), text(key, (row) => row.key), bigint('version', ({ version }) => version), content()]);
const PROFILE_HEADS = head('profile_id');
const VISITOR_HEADS = head('visitor');
const SEALED_VALUES = new BulkRows<Keyed & SealedIdentifier>([
  tenant(),
  text('subject_id', ({ key }) => key),
  text('event_id', ({ eventId }) => eventId),
  { name: 'sealed_value', type: 'bytea', of: ({ sealedValue }) => sealedValue },
]);
const REMOVED = new BulkRows<Keyed>([tenant(), text('key', ({ key }) => key)]);
const REDONE = new BulkRows<{ readonly tenantId: TenantId; readonly seq: number }>([tenant(), bigint('seq', ({ seq }) => seq)]);

const OURS = 'where exists (select 1 from cas)';

/** Collects the parts of the statement and where their arrays are bound. */
class Parts {
  readonly texts: string[] = [];
  private next = 6;

  constructor(private readonly schema: string) {}

  /** The text of `rows.unnest`; moves on. */
  bind<Row>(rows: BulkRows<Row>, alias: string): string {
    const bound = rows.unnest(this.next, alias);
    this.next += rows.width;
    return bound;
  }

  upsert<Row>(table: string, rows: BulkRows<Row>, keys: readonly string[]): void {
    this.texts.push(
      `put_${table} as (insert into ${this.schema}.${table} (${rows.names}) select n.* from ${this.bind(rows, 'n')} ${OURS}
         on conflict (${keys.join(', ')}) do update set ${rows.assignments('excluded', keys)} returning 1)`,
    );
  }

  remove(table: string, key: string): void {
    this.texts.push(
      `cut_${table} as (delete from ${this.schema}.${table} t using ${this.bind(REMOVED, 'n')}
         ${OURS} and t.tenant_id = n.tenant_id and t.${key} = n.key returning 1)`,
    );
  }

  /** What assertions did before, except what is written again: one statement cannot delete a row and write it, too. */
  redo<Row>(table: string, rows: BulkRows<Row>, keys: readonly string[]): void {
    const again = this.bind(rows, 'w');
    this.texts.push(
      `redo_${table} as (delete from ${this.schema}.${table} t using ${this.bind(REDONE, 'n')}
         ${OURS} and t.tenant_id = n.tenant_id and t.seq = n.seq
           and not exists (select 1 from ${again} where ${keys.map((key) => `w.${key} = t.${key}`).join(' and ')}) returning 1)`,
    );
  }
}

/** Applies the changes of a batch and moves its offset, or does nothing when the partition is not ours any more. */
export function applyChanges(schema: string, effects: 'on' | 'off'): string {
  const parts = new Parts(schema);
  parts.upsert('tenants', TENANTS, ['tenant_id']);
  parts.upsert('subjects', SUBJECTS, ['tenant_id', 'subject_id']);
  parts.upsert('orders', ORDERS, ['tenant_id', 'order_key']);
  parts.upsert('profiles', PROFILES, ['tenant_id', 'profile_id']);
  parts.upsert('aliases', ALIASES, ['tenant_id', 'profile_id']);
  parts.upsert('assertions', ASSERTIONS, ['tenant_id', 'seq']);
  parts.texts.push(
    `put_nodes as (insert into ${schema}.assertion_nodes (${NODES.names}) select n.* from ${parts.bind(NODES, 'n')} ${OURS}
       on conflict do nothing returning 1)`,
  );
  parts.upsert('merges', MERGES, ['tenant_id', 'seq', 'done_seq']);
  parts.upsert('conflicts', CONFLICTS, ['tenant_id', 'seq', 'dropped']);
  parts.remove('orders', 'order_key');
  parts.remove('profiles', 'profile_id');
  parts.remove('aliases', 'profile_id');
  parts.redo('merges', MERGES, ['tenant_id', 'seq', 'done_seq']);
  parts.redo('conflicts', CONFLICTS, ['tenant_id', 'seq', 'dropped']);
  parts.upsert('profile_heads', PROFILE_HEADS, ['tenant_id', 'profile_id']);
  parts.upsert('visitor_heads', VISITOR_HEADS, ['tenant_id', 'visitor']);
  parts.texts.push(
    `put_values as (insert into ${schema}.sealed_values (${SEALED_VALUES.names}) select n.* from ${parts.bind(SEALED_VALUES, 'n')} ${OURS}
       on conflict do nothing returning 1)`,
  );
  if (effects === 'on') parts.texts.push(outboxInsert(parts.bind(OUTBOX_ROWS, 'n')));
  return `${casPrefix(schema)}, ${parts.texts.join(',\n')} select count(*)::int as owned from cas`;
}

type Rows<Row> = ReadonlyMap<string, Row | null>;

/** Values of {@link applyChanges} from $6 on. Rows are sorted by key: two batches never wait for each other in a circle. */
export function changeValues(all: readonly TenantChanges[], effects: 'on' | 'off'): unknown[][] {
  const tenants = all.toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  const keysOf = <Row>(of: (changes: IdentityChanges) => Rows<Row>) =>
    tenants.flatMap(({ tenantId, changes }) =>
      [...of(changes)].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, row]) => ({ tenantId, key, row })),
    );
  const written = <Row>(of: (changes: IdentityChanges) => Rows<Row>) =>
    keysOf(of).flatMap(({ tenantId, key, row }) => (row === null ? [] : [{ tenantId, key, row, content: JSON.stringify(row) }]));
  const removed = <Row>(of: (changes: IdentityChanges) => Rows<Row>): Keyed[] =>
    keysOf(of).flatMap(({ tenantId, key, row }) => (row === null ? [{ tenantId, key }] : []));
  const redone = (of: (changes: IdentityChanges) => ReadonlySet<number>) =>
    tenants.flatMap(({ tenantId, changes }) => [...of(changes)].map((seq) => ({ tenantId, seq })));
  const assertions = written(({ assertions }) => assertions);
  const merges = written(({ merges }) => merges).map(({ row, ...rest }) => ({
    ...rest,
    key: row.winner,
    seq: row.seq,
    doneSeq: row.doneSeq,
  }));
  const conflicts = written(({ conflicts }) => conflicts).map(({ row, ...rest }) => ({
    ...rest,
    key: row.dropped,
    kept: row.kept,
    seq: row.seq,
  }));
  const headsOf = (of: (changes: IdentityChanges) => Rows<ProfileHead | VisitorHead>) =>
    written(of).map(({ row, ...rest }) => ({ ...rest, version: row.version }));
  const profileHeads = headsOf(({ profileHeads: heads }) => heads);
  const visitorHeads = headsOf(({ visitorHeads: heads }) => heads);
  const changed = [
    ...profileHeads.map(({ tenantId, key }) => ({ kind: 'profile' as const, tenantId, id: key })),
    ...visitorHeads.map(({ tenantId, key }) => ({ kind: 'visitor' as const, tenantId, id: key })),
  ];
  return [
    ...TENANTS.values(tenants),
    ...SUBJECTS.values(written(({ subjects }) => subjects)),
    ...ORDERS.values(written(({ orders }) => orders)),
    ...PROFILES.values(written(({ profiles }) => profiles)),
    ...ALIASES.values(written(({ aliases }) => aliases).map(({ row, ...rest }) => ({ ...rest, target: row.target }))),
    ...ASSERTIONS.values(assertions.map(({ row, ...rest }) => ({ ...rest, seq: row.seq, key: row.contentKey }))),
    ...NODES.values(assertions.flatMap(({ tenantId, row }) => nodesOf(row).map((key) => ({ tenantId, key, seq: row.seq })))),
    ...MERGES.values(merges),
    ...CONFLICTS.values(conflicts),
    ...REMOVED.values(removed(({ orders }) => orders)),
    ...REMOVED.values(removed(({ profiles }) => profiles)),
    ...REMOVED.values(removed(({ aliases }) => aliases)),
    ...MERGES.values(merges),
    ...REDONE.values(redone(({ redoneMerges }) => redoneMerges)),
    ...CONFLICTS.values(conflicts),
    ...REDONE.values(redone(({ redoneConflicts }) => redoneConflicts)),
    ...PROFILE_HEADS.values(profileHeads),
    ...VISITOR_HEADS.values(visitorHeads),
    ...SEALED_VALUES.values(
      keysOf(({ sealedValues }) => sealedValues).flatMap(({ row, ...rest }) => (row === null ? [] : [{ ...rest, ...row }])),
    ),
    ...(effects === 'off' ? [] : OUTBOX_ROWS.values(changed)),
  ];
}
