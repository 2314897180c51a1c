-- App fulfillment. Schema `fulfillment`: folds and their offsets (swapped by a rebuild, dumped). Schema `fulfillment_ops`: work in hand (neither).
create schema if not exists fulfillment;
create schema if not exists fulfillment_ops;

create table fulfillment.offsets (
  projection  text not null,
  topic       text not null,
  partition   int not null,
  next_offset bigint not null,
  primary key (projection, topic, partition)
);

-- Fold of control.config-events.v1
create table fulfillment.connections (
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
  -- SHA-256 hex of each secret by which arrivals find a connection
  address_hashes     jsonb not null default '[]',
  primary key (tenant_id, connection_id)
);

-- Fold of commerce.order-events.v1
create table fulfillment.orders (
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
alter table fulfillment.orders alter column observation set storage external;

-- Fold of fulfillment.delivery-events.v1: one row per effect, for ever.
create table fulfillment.ledger_entries (
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
create index ledger_by_tenant on fulfillment.ledger_entries (tenant_id, planned_at desc, ledger_key);
create index ledger_by_reference on fulfillment.ledger_entries (tenant_id, source_connection_id, reference);
create index ledger_unsettled on fulfillment.ledger_entries (tenant_id, destination_connection_id, state) where settled_at is null;

-- Events that are committed and not yet known to be in the topic.
create table fulfillment_ops.outbox (
  id         bigint generated always as identity primary key,
  ledger_key text not null,
  tenant_id  text not null,
  version    int not null,
  value      bytea not null,               -- framed
  created_at timestamptz not null default now(),
  refused_at timestamptz              -- the brokers refused it: kept and tried again; nothing later of its effect goes before it
);
create index outbox_by_key on fulfillment_ops.outbox (ledger_key);

-- Effects that still need the dispatcher. Postgres' clock only.
create table fulfillment_ops.dispatch_queue (
  ledger_key                text primary key,
  tenant_id                 text not null,
  destination_connection_id text not null,
  due_at                    timestamptz not null,
  lease_owner               text,
  lease_until               timestamptz,
  is_alone                  boolean not null default false   -- shares no request any more
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
create index dispatch_due on fulfillment_ops.dispatch_queue (due_at);
create index dispatch_by_credential on fulfillment_ops.dispatch_queue (tenant_id, destination_connection_id, due_at);

-- One row per vendor credential: parked by a refusal, held back by a breaker, limited by token slices.
create table fulfillment_ops.credentials (
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
create table fulfillment_ops.commands (
  id         bigint generated always as identity primary key,
  tenant_id  text not null,
  kind       text not null,                -- resume | retry
  payload    jsonb not null,
  created_at timestamptz not null default now(),
  applied_at timestamptz,
  result     jsonb
);
create index commands_open on fulfillment_ops.commands (id) where applied_at is null;

-- Settings changed: the owner of each partition decides once more on what it has folded.
create table fulfillment_ops.sweeps (
  tenant_id     text not null,
  connection_id text not null,
  version       int not null,
  partition     int not null,
  primary key (partition, tenant_id, connection_id)
);

-- Every time a rebuilt schema took the live one's place: offsets may go back then. Without a new row here they only do when the
-- database was set back to an older state, and running processes must end.
create table fulfillment_ops.rebuilds (
  id         bigint generated always as identity primary key,
  swapped_at timestamptz not null default now()
);
