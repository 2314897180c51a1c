-- App ingest. Schema `orders`: folds of topics (role orders). Schema `ingest`: its own copy of the settings. Schema `ingest_ops`: work in hand.
create schema if not exists orders;
create schema if not exists ingest;
create schema if not exists ingest_ops;

create table orders.offsets (
  projection  text not null,
  topic       text not null,
  partition   int not null,
  next_offset bigint not null,
  primary key (projection, topic, partition)
);

-- Newest observation of every order: what pollers, reconciliation and control read.
create table orders.heads (
  tenant_id            text not null,
  connection_id        text not null,
  order_id             text not null,
  as_of                bigint,             -- epoch ms, shop's clock; null while only a deletion was reported
  modified_at          bigint,
  observed_at          bigint,             -- epoch ms, our clock
  content_hash         text,
  is_vanished          boolean not null,
  deletion_reported_at bigint,
  observation          jsonb,              -- of the newest observation that carried the order itself: event id and rank
  status               text not null,
  total                text,
  currency             text,
  primary key (tenant_id, connection_id, order_id)
) with (fillfactor = 85);

create table orders.rejections (
  tenant_id     text not null,
  connection_id text not null,
  event_id      text not null,
  received_at   bigint not null,           -- epoch ms
  reference     text,
  reason        text not null,
  detail        text not null,
  topic         text not null,
  size_bytes    int not null,
  primary key (tenant_id, event_id)
);
create index rejections_by_time on orders.rejections (tenant_id, received_at desc, event_id desc);

create table ingest.offsets (like orders.offsets including all);

create table ingest.connections (
  tenant_id          text not null,
  connection_id      text not null,
  version            int not null,
  kind               text not null,
  state              text not null,
  default_country    text,
  activated_at       bigint not null,
  configured_at      bigint not null,      -- epoch ms; when this version was made
  settings           jsonb not null,
  secrets_version    int not null,
  webhook_token_hash text,
  primary key (tenant_id, connection_id)
);
create index connections_by_token on ingest.connections (webhook_token_hash) where webhook_token_hash is not null;

-- Webhooks taken while Kafka was away: encoded and sealed as they will be appended.
create table ingest_ops.spool (
  id         bigint generated always as identity primary key,
  topic      text not null,
  partition  int not null,
  key        text not null,
  value      bytea not null,
  headers    jsonb not null,
  spooled_at timestamptz not null default now()
);
