-- What the poller found out about the shop besides its orders; `tributary check` reads it.
alter table ingest_ops.pollers add column report jsonb;
