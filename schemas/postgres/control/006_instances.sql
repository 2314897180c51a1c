-- Connections that are made and looked after through `POST /instances` (docs/cloud-elements.md).
create table control.instance_keys (
  id                bigint generated always as identity primary key,
  tenant_id         text collate "C" not null,
  name              text not null,
  organization_hash text not null,          -- SHA-256 hex; the keys themselves are shown once and kept nowhere
  user_hash         text not null,
  created_at        timestamptz not null default now(),
  revoked_at        timestamptz,
  unique (organization_hash, user_hash)
);
create index instance_keys_of_tenant on control.instance_keys (tenant_id, id desc);

create table control.instances (
  id              bigint primary key,
  tenant_id       text collate "C" not null,
  connection_id   text collate "C" not null,
  name            text not null,
  tags            jsonb not null,
  configuration   jsonb not null,           -- without secrets
  secrets_version int not null,             -- in vault.connection_secrets under connection instance-<id>-callback; 0: none
  token_hash      text not null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  deleted_at      timestamptz
);
create sequence control.instance_ids;
create unique index instances_of_connection on control.instances (tenant_id, connection_id) where deleted_at is null;
