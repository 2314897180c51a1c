-- Attempts say what they used of identity, consent and clicks (ConversionAttempted v2); those from before it was kept say nothing.
update tiktok.ledger_entries
   set attempts = (select jsonb_agg(attempt || '{"identity": null}'::jsonb order by position)
                     from jsonb_array_elements(attempts) with ordinality as a(attempt, position))
 where jsonb_array_length(attempts) > 0 and not attempts -> 0 ? 'identity';

-- Fold of visits.visit-events.v1, PurchaseShown alone: when the browser's own event of an order was first shown, by what it said.
create table tiktok.purchases_shown (
  tenant_id     text not null,
  connection_id text not null,             -- of the shop
  order_id      text not null,
  pixel_code    text not null,             -- empty: the page did not say
  event_name    text not null,             -- the same
  shown_at      bigint not null,           -- epoch ms, browser's clock, never after the arrival
  primary key (tenant_id, connection_id, order_id, pixel_code, event_name)
);

-- Fold of identity.visitors.v1: the newest version of each visitor as it stood in the log (personal parts sealed) ...
create table tiktok.visitors (
  tenant_id  text not null,
  visitor    text not null,                -- subject id
  version    bigint not null,
  profile_id text,
  is_shared  boolean not null,
  record     bytea not null,
  primary key (tenant_id, visitor)
) with (fillfactor = 85);
-- ... and how far into each partition of the visits it goes.
create table tiktok.visit_progress (
  partition   int not null primary key,
  next_offset bigint not null
);

-- Fold of identity.profiles.v1
create table tiktok.profiles (
  tenant_id   text not null,
  profile_id  text not null,
  version     bigint not null,
  subject_ids text[] not null,             -- empty once it is no profile any more
  record      bytea not null,
  primary key (tenant_id, profile_id)
) with (fillfactor = 85);
create index profiles_by_subject on tiktok.profiles using gin (subject_ids);
