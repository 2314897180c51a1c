-- When the brokers refused the event (too large, not valid): it is kept and tried again; nothing later of its effect is published before it.
alter table tiktok_ops.outbox add column refused_at timestamptz;
