-- App control: what was asked for, version by version.
create schema if not exists control;
create schema if not exists control_ops;

create table control.tenants (
  tenant_id       text collate "C" primary key,
  name            text not null,
  state           text not null,            -- active | suspended
  default_country text,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);

-- Append-only; the newest version of a connection is the one in force.
create table control.connection_versions (
  tenant_id       text collate "C" not null,
  connection_id   text collate "C" not null,
  version         int not null,
  kind            text not null,
  state           text not null,            -- active | suspended | disabled
  tenant_name     text not null,
  default_country text,
  activated_at    bigint not null,          -- epoch ms of the first activation
  settings        jsonb not null,           -- without secrets
  secrets_version int not null,             -- version in vault.connection_secrets
  address_hash    text,                     -- SHA-256 hex of what leads an arrival here: webhook token, write key
  created_at      timestamptz not null default now(),
  primary key (tenant_id, connection_id, version)
);

-- An address leads to one connection of the whole installation; a disabled connection keeps its own.
create table control.addresses (
  address_hash  text primary key,
  tenant_id     text collate "C" not null,
  connection_id text collate "C" not null
);
create unique index addresses_by_connection on control.addresses (tenant_id, connection_id);

-- Events of versions that are committed and not yet known to be in the topic; they leave in the order of their ids.
create table control_ops.outbox (
  id            bigint generated always as identity primary key,
  tenant_id     text not null,
  connection_id text not null,
  value         bytea not null,              -- framed ConnectionConfigured
  created_at    timestamptz not null default now()
);
