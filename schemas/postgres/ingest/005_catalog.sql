-- The fold of the catalog topic (role orders): what the next observation of an item is compared with.
create table orders.catalog_heads (
  tenant_id     text not null,
  connection_id text not null,
  resource      text not null,              -- product, coupon, customer, or a custom resource's name
  resource_id   text not null,              -- the shop's id; of a customer a subject id
  as_of         bigint not null,            -- epoch ms, shop's clock
  modified_at   bigint not null,
  observed_at   bigint not null,            -- epoch ms, our clock
  content_hash  text not null,
  deletion      text,                       -- null while the shop has it
  is_tail       boolean not null,           -- the last record of this key in the log is this one
  parent_id     text,                       -- of a variation
  content       jsonb,                      -- of products and coupons: what a deletion still says; never of what names somebody
  primary key (tenant_id, connection_id, resource, resource_id)
) with (fillfactor = 85);
create index catalog_heads_by_parent on orders.catalog_heads (tenant_id, connection_id, parent_id) where parent_id is not null;

-- How far reading the shop's catalog is; the shop's weight unit with it.
alter table ingest_ops.pollers add column catalog jsonb;

-- Catalog items that somebody asked to be looked up. A row stays when it was served: it says when we last looked.
create table ingest_ops.catalog_lookups (
  tenant_id     text not null,
  connection_id text not null,
  resource      text not null,
  shop_item_id  text not null,                               -- the shop's own id; rows of customers go when they were served
  ask           bigint not null default nextval('ingest_ops.reread_asks'), -- another one after every new asking
  due_at        timestamptz default now(),                   -- null: nobody asks
  looked_at     timestamptz,
  primary key (tenant_id, connection_id, resource, shop_item_id)
);
create index catalog_lookups_due on ingest_ops.catalog_lookups (tenant_id, connection_id, due_at) where due_at is not null;
