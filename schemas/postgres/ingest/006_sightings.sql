-- When something was last seen of a connection: webhooks, visits, orders with and without what the shop's snippet adds. For `tributary check`.
create table ingest_ops.sightings (
  tenant_id     text not null,
  connection_id text not null,
  kind          text not null,
  last_at       timestamptz not null,
  primary key (tenant_id, connection_id, kind)
) with (fillfactor = 70);
