-- Webhooks that we made in shops, one per topic, each with an address and a secret of its own (in the vault, under <connection>:webhooks).
create table ingest_ops.managed_webhooks (
  number        int generated always as identity primary key, -- version of its secrets in the vault
  tenant_id     text not null,
  connection_id text not null,
  topic         text not null,
  token_hash    text not null unique,                -- SHA-256 hex of the token of its address
  webhook_id    bigint,                              -- the shop's own; null: not known to be made
  created_at    timestamptz not null default now(),
  distrusted_at timestamptz,                         -- a delivery was signed with another secret
  retired_at    timestamptz                          -- replaced; its address goes on for a week
);
create index managed_webhooks_by_shop on ingest_ops.managed_webhooks (tenant_id, connection_id);
