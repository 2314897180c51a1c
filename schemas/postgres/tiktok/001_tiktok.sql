-- App tiktok. Schema `tiktok`: folds and their offsets (swapped by a rebuild, dumped). Schema `tiktok_ops`: work in hand (neither).
create schema if not exists tiktok;
create schema if not exists tiktok_ops;

create table tiktok.offsets (
  projection  text not null,
  topic       text not null,
  partition   int not null,
  next_offset bigint not null,
  primary key (projection, topic, partition)
);

-- Fold of control.config-events.v1
create table tiktok.connections (
  tenant_id          text not null,
  connection_id      text not null,
  version            int not null,
  kind               text not null,
  state              text not null,
  default_country    text,
  activated_at       bigint not null,      -- epoch ms
  configured_at      bigint not null,      -- epoch ms; when this version was made
  settings           jsonb not null,
  secrets_version    int not null,
  webhook_token_hash text,
  primary key (tenant_id, connection_id)
);

-- Fold of commerce.order-events.v1
create table tiktok.orders (
  tenant_id            text not null,
  connection_id        text not null,
  order_id             text not null,
  partition            int not null,
  as_of                bigint,             -- epoch ms, shop's clock
  modified_at          bigint,
  observed_at          bigint,             -- epoch ms, our clock
  content_hash         text,
  is_vanished          boolean not null,
  deletion_reported_at bigint,
  observation          bytea,              -- the framed OrderObserved as it was in the log (personal part sealed)
  primary key (tenant_id, connection_id, order_id)
) with (fillfactor = 85);
alter table tiktok.orders alter column observation set storage external;

-- Fold of tiktok.delivery-events.v1: one row per effect, for ever.
create table tiktok.ledger_entries (
  ledger_key                text not null primary key,
  tenant_id                 text not null,
  destination_connection_id text not null,
  source_connection_id      text not null,
  reference                 text not null,
  event_name                text not null,
  revision                  text not null,
  mode                      text not null,
  version                   int not null,
  state                     text not null,
  reason                    text,
  observation_id            text not null,
  settings_version          int not null,
  event_time                bigint not null,  -- epoch ms
  plan                      jsonb,            -- null when suppressed
  attempt_count             int not null,
  attempts                  jsonb not null,   -- [{at, code, message, requestId, outcome}]
  sealed_under              text,
  sealed_request            bytea,
  due_at                    bigint,           -- epoch ms; when a waiting entry may go on
  unknown_since             bigint,           -- epoch ms of the first attempt whose outcome nobody knows
  planned_at                bigint not null,
  settled_at                bigint
) with (fillfactor = 70);
create index ledger_by_tenant on tiktok.ledger_entries (tenant_id, planned_at desc, ledger_key);
create index ledger_by_reference on tiktok.ledger_entries (tenant_id, source_connection_id, reference);
create index ledger_unsettled on tiktok.ledger_entries (tenant_id, destination_connection_id, state) where settled_at is null;

-- Events that are committed and not yet known to be in the topic.
create table tiktok_ops.outbox (
  id         bigint generated always as identity primary key,
  ledger_key text not null,
  tenant_id  text not null,
  version    int not null,
  value      bytea not null,               -- framed
  created_at timestamptz not null default now()
);
create index outbox_by_key on tiktok_ops.outbox (ledger_key);

-- Effects that still need the dispatcher. Postgres' clock only.
create table tiktok_ops.dispatch_queue (
  ledger_key                text primary key,
  tenant_id                 text not null,
  destination_connection_id text not null,
  due_at                    timestamptz not null,
  lease_owner               text,
  lease_until               timestamptz,
  is_alone                  boolean not null default false   -- shares no request any more
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
create index dispatch_due on tiktok_ops.dispatch_queue (due_at);
create index dispatch_by_credential on tiktok_ops.dispatch_queue (tenant_id, destination_connection_id, due_at);

-- One row per vendor credential: parked by a refusal, held back by a breaker, limited by token slices.
create table tiktok_ops.credentials (
  tenant_id             text not null,
  connection_id         text not null,
  parked_at             timestamptz,
  parked_reason         text,
  parked_secrets        text,               -- settings and secrets version at parking: other ones resume it
  breaker_until         timestamptz,
  breaker_failures      int not null default 0,
  probe_owner           text,
  probe_until           timestamptz,
  requests_per_second   double precision not null,
  slice_at              timestamptz not null default now(),
  slice_taken           int not null default 0,
  primary key (tenant_id, connection_id)
) with (fillfactor = 50);

-- What control asks of this app; applied and deleted by its dispatcher.
create table tiktok_ops.commands (
  id         bigint generated always as identity primary key,
  tenant_id  text not null,
  kind       text not null,                -- resume | retry
  payload    jsonb not null,
  created_at timestamptz not null default now(),
  applied_at timestamptz,
  result     jsonb
);
create index commands_open on tiktok_ops.commands (id) where applied_at is null;

-- Settings changed: the owner of each partition decides once more on what it has folded.
create table tiktok_ops.sweeps (
  tenant_id     text not null,
  connection_id text not null,
  version       int not null,
  partition     int not null,
  primary key (partition, tenant_id, connection_id)
);
