-- When the brokers refused the record (too large, not valid): it is kept and tried again; others go on.
alter table ingest_ops.spool add column refused_at timestamptz;
