-- App identity. Schema `identity`: the fold of identity.assertion-events.v1 (libs/domain/src/identity). Rows are what the fold reads and writes.
create schema if not exists identity;

create table identity.offsets (
  projection  text not null,
  topic       text not null,
  partition   int not null,
  next_offset bigint not null,
  primary key (projection, topic, partition)
);

create table identity.tenants (
  tenant_id text not null primary key,
  clock_ms  bigint not null,   -- running maximum of receivedAt, epoch ms
  next_seq  bigint not null    -- number of the next assertion
) with (fillfactor = 70);

create table identity.subjects (
  tenant_id  text collate "C" not null,
  subject_id text collate "C" not null,
  content    jsonb not null,   -- NodeRow
  primary key (tenant_id, subject_id)
) with (fillfactor = 85);

create table identity.orders (
  tenant_id text collate "C" not null,
  order_key text collate "C" not null,   -- connection:orderId
  content   jsonb not null,              -- OrderRow
  primary key (tenant_id, order_key)
);

create table identity.profiles (
  tenant_id  text collate "C" not null,
  profile_id text collate "C" not null,
  content    jsonb not null,             -- ProfileRow
  primary key (tenant_id, profile_id)
) with (fillfactor = 85);

-- Ids that are no profile any more; kept for ever.
create table identity.aliases (
  tenant_id  text collate "C" not null,
  profile_id text collate "C" not null,
  target     text collate "C",           -- null: an operator's decision left nothing of it
  primary key (tenant_id, profile_id)
);

-- What the log said for the first time.
create table identity.assertions (
  tenant_id   text collate "C" not null,
  seq         bigint not null,
  content_key text collate "C" not null,
  content     jsonb not null,            -- AssertionRow
  primary key (tenant_id, seq)
);
create unique index assertions_by_content on identity.assertions (tenant_id, content_key);

-- Which assertions connect a subject or an order.
create table identity.assertion_nodes (
  tenant_id text collate "C" not null,
  node      text collate "C" not null,
  seq       bigint not null,
  primary key (tenant_id, node, seq)
);

create table identity.merges (
  tenant_id text collate "C" not null,
  seq       bigint not null,
  done_seq  bigint not null,
  winner    text collate "C" not null,
  content   jsonb not null,              -- MergeRow
  primary key (tenant_id, seq, done_seq)
);
create index merges_by_winner on identity.merges (tenant_id, winner);

create table identity.conflicts (
  tenant_id text collate "C" not null,
  seq       bigint not null,
  kept      text collate "C" not null,
  dropped   text collate "C" not null,
  content   jsonb not null,              -- ConflictRow
  primary key (tenant_id, seq, dropped)
);
create index conflicts_by_kept on identity.conflicts (tenant_id, kept);
create index conflicts_by_dropped on identity.conflicts (tenant_id, dropped);

-- Work in hand.
create schema if not exists identity_ops;
-- Every time a rebuilt schema took the live one's place: offsets may go back then. Without a new row here they only do when the
-- database was set back to an older state, and running processes must end.
create table identity_ops.rebuilds (
  id         bigint generated always as identity primary key,
  swapped_at timestamptz not null default now()
);
