-- App control: what was asked for, version by version.
create schema if not exists control;
create schema if not exists control_ops;

create table control.tenants (
  tenant_id       text primary key,
  name            text not null,
  state           text not null,            -- active | suspended
  default_country text,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);

-- Append-only; the newest version of a connection is the one in force.
create table control.connection_versions (
  tenant_id          text not null,
  connection_id      text not null,
  version            int not null,
  kind               text not null,
  state              text not null,          -- active | suspended | disabled
  tenant_name        text not null,
  default_country    text,
  activated_at       bigint not null,        -- epoch ms
  settings           jsonb not null,
  secrets_version    int not null,
  secrets_digest     text not null,          -- HMAC under the tenant's identity key: says whether secrets changed, without telling them
  webhook_token_hash text,
  created_at         timestamptz not null default now(),
  primary key (tenant_id, connection_id, version)
);

create table control_ops.outbox (
  id            bigint generated always as identity primary key,
  tenant_id     text not null,
  connection_id text not null,
  value         bytea not null,              -- framed ConnectionConfigured
  created_at    timestamptz not null default now()
);
