-- Keys that a shop is to hand over under a state, of which only the hash is kept. Whoever names the state takes the row, once.
create table ingest_ops.expected_keys (
  state_hash    text primary key,                    -- SHA-256 hex
  tenant_id     text not null,
  connection_id text not null,
  store_url     text not null,                       -- the shop that the link leads to
  created_at    timestamptz not null default now(),
  taken_at      timestamptz,
  result        jsonb
);
