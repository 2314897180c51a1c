-- What the courier says of an order since it took it (part of the fold of fulfillment.delivery-events.v1).
alter table fulfillment.ledger_entries add column status jsonb;
-- Open ones by when they last moved: read again and again, the young ones often.
create index ledger_open_statuses on fulfillment.ledger_entries (tenant_id, destination_connection_id, (coalesce((status ->> 'at')::bigint, settled_at)))
 where state = 'delivered' and coalesce((status ->> 'isFinal')::boolean, false) = false;

-- Who reads which courier account, and how far it is. Work in hand: nothing of it is a fold.
create table fulfillment_ops.status_readers (
  tenant_id      text not null,
  connection_id  text not null,
  config_version int not null,                       -- of the settings that it was last made due for
  fence          bigint not null default 0,          -- grows with every lease: who holds an older one can write nothing
  leased_by      text,
  leased_until   timestamptz,
  due_at         timestamptz not null default now(), -- infinity: nobody wants to know
  state          jsonb,                              -- null: never read
  failures       int not null default 0,             -- in a row
  failure        text,                               -- the last one's kind
  polled_at      timestamptz,                        -- end of the last turn without a failure
  primary key (tenant_id, connection_id)
) with (fillfactor = 70);
create index status_readers_by_due on fulfillment_ops.status_readers (due_at);
