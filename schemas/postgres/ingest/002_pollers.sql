-- Role poller: who reads which shop, how far it is, and what is to be read again. Work in hand: nothing of it is a fold.
create table ingest_ops.pollers (
  tenant_id      text not null,
  connection_id  text not null,
  config_version int not null,                       -- of the settings that it was last made due for
  fence          bigint not null default 0,          -- grows with every lease: who holds an older one can write nothing
  leased_by      text,
  leased_until   timestamptz,
  due_at         timestamptz not null default now(), -- infinity: the connection has no REST keys
  state          jsonb,                              -- null: never polled
  failures       int not null default 0,             -- in a row
  failure        text,                               -- the last one's kind
  polled_at      timestamptz,                        -- end of the last turn without a failure
  primary key (tenant_id, connection_id)
) with (fillfactor = 70);
create index pollers_by_due on ingest_ops.pollers (due_at);

create sequence ingest_ops.reread_asks;
create table ingest_ops.rereads (
  tenant_id     text not null,
  connection_id text not null,
  order_id      text not null,
  ask           bigint not null default nextval('ingest_ops.reread_asks'), -- another one after every new asking
  due_at        timestamptz not null default now(),
  primary key (tenant_id, connection_id, order_id)
);
