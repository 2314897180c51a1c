-- Imports of a shop's history, and how far each is: work in hand, nothing of it is a fold.
create table ingest_ops.imports (
  id              bigint generated always as identity primary key,
  tenant_id       text not null,
  connection_id   text not null,
  resources       jsonb not null,
  from_ms         bigint not null,                     -- epoch ms, shop's clock: created at or after
  to_ms           bigint not null,                     -- created before
  status          text not null default 'running',     -- running | stopped | done
  state           jsonb,                               -- where the walk is; null: not begun
  total           bigint,                              -- rows that the shop counted in what was begun so far
  read_rows       bigint not null default 0,
  published_rows  bigint not null default 0,           -- of them news
  unreadable_rows bigint not null default 0,
  failures        int not null default 0,              -- in a row
  failure         text,                                -- the last one, in words
  due_at          timestamptz not null default now(),  -- next page: the shop's quota, or after a failure
  asked_at        timestamptz not null default now(),
  resumed_at      timestamptz not null default now(),  -- for the rate
  rows_at_resume  bigint not null default 0,
  ended_at        timestamptz
);
create unique index imports_running on ingest_ops.imports (tenant_id, connection_id) where status = 'running';
create index imports_of_tenant on ingest_ops.imports (tenant_id, id desc);

-- One row: before it no process begins a page of an import. Every page moves it by its share of a minute.
create table ingest_ops.import_quota (
  is_only boolean primary key default true check (is_only),
  free_at timestamptz not null default now()
);
insert into ingest_ops.import_quota default values;

-- Shop's clock, epoch ms: shops that are known from a horizon on are counted since then.
alter table orders.heads add column created_at bigint;
