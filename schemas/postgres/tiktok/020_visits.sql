-- Fold of tiktok.visit-delivery-events.v1: one row per visit that was ever part of a request, for 30 days by the log's own time.
-- One visit becomes at most one event of a destination and mode, whatever the settings call it.
create table tiktok.visit_deliveries (
  tenant_id                 text not null,
  reference                 text not null,    -- the visit's event id
  destination_connection_id text not null,
  source_connection_id      text not null,
  mode                      text not null,
  event_name                text not null,
  partition                 int not null,     -- of the topic
  version                   int not null,
  state                     text not null,
  reason                    text,
  event_time                bigint not null,  -- epoch ms
  settings_version          int not null,
  attempt_count             int not null,
  attempted_at              bigint,           -- epoch ms; the newest attempt
  unknown_since             bigint,
  due_at                    bigint,
  code                      text,             -- what the vendor answered to the newest attempt
  message                   text,
  request_id                text,
  logged_at                 bigint not null,  -- epoch ms of the event that made this version
  settled_at                bigint,
  primary key (tenant_id, reference, destination_connection_id, source_connection_id, mode)
) with (fillfactor = 75);
create index visit_deliveries_by_log_time on tiktok.visit_deliveries using brin (logged_at);

-- How far the log's own time has come, by partition of that topic: what is older by the retention is forgotten.
create table tiktok.visit_log_times (
  partition int not null primary key,
  logged_at bigint not null                   -- epoch ms, the greatest of the partition
);

-- The lane `visits` folds nothing: what it has read is either in the queue or was not to be sent.
create table tiktok_ops.offsets (
  projection  text not null,
  topic       text not null,
  partition   int not null,
  next_offset bigint not null,
  primary key (projection, topic, partition)
);

-- Visits that wait to be sent, some to a row: all of one credential and mode. Postgres' clock only.
create table tiktok_ops.visit_queue (
  id                        text not null primary key,
  tenant_id                 text not null,
  destination_connection_id text not null,
  mode                      text not null,
  settings_version          int not null,
  due_at                    timestamptz not null,
  lease_owner               text,
  lease_until               timestamptz,
  is_alone                  boolean not null default false,  -- each of them shares no request any more
  visits                    bytea not null                   -- names and framed visits as they were in the log (personal parts sealed)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
alter table tiktok_ops.visit_queue alter column visits set storage external;
create index visit_queue_by_credential on tiktok_ops.visit_queue (tenant_id, destination_connection_id, due_at);

-- Events of requests with visits that are committed and not yet known to be in the topic; ledger_key is the record's key.
create table tiktok_ops.visit_outbox (
  id         bigint generated always as identity primary key,
  ledger_key text not null,
  tenant_id  text not null,
  version    int not null,
  value      bytea not null,
  created_at timestamptz not null default now(),
  refused_at timestamptz
);
create index visit_outbox_by_key on tiktok_ops.visit_outbox (ledger_key);
